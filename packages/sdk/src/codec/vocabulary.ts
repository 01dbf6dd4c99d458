import type { ConversationEvent, SchemaCase } from '@parley/wire';
import type { RequestBody } from '../connection.js';
import type { TimelineEvent } from '../events.js';
import type { PendingSend } from '../outbox-store.js';

type Body = NonNullable<ConversationEvent['body']>;

/** A kind of event: its body, and what applications are told. */
export interface EventKind {
  readonly type: string;
  readonly body: SchemaCase;
  /** Of an event with such a body. Undefined for what is no event for applications. Throws ProtobufError when its content cannot be read. */
  show(source: ConversationEvent, self: string): TimelineEvent | undefined;
}

/** What a client does beside sending messages. */
export interface ActKind {
  /** The request that carries a stored act. */
  requestOf(send: PendingSend, isRetry: boolean): RequestBody;
}

/** What a client says and understands. Bundles hold what is in their vocabulary, and nothing else of the protocol. */
export interface Vocabulary {
  readonly requests: readonly SchemaCase[];
  readonly answers: readonly SchemaCase[];
  readonly events: readonly EventKind[];
  readonly acts?: ActKind;
}

/** A kind of event by its body. */
export function eventKind<Type extends Body['type'], Value>(
  type: Type,
  body: SchemaCase<Type, never, Value>,
  show?: (source: ConversationEvent, value: Value, self: string) => TimelineEvent,
): EventKind {
  return { type, body: body as SchemaCase, show: (source, self) => show?.(source, source.body?.value as Value, self) };
}

/** What all events say of who did something. */
export const deedOf = ({ conversation, seq, timeMs, sender, clientMsgId }: ConversationEvent, self: string) => ({
  ...{ conversation, seq, timeMs, sender, clientMsgId },
  isOwn: sender === self && self !== '',
});
