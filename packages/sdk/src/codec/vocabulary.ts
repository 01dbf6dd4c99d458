import type { ProtobufReader } from '@parley/kernel';
import type { CaseReader, CaseWriter, ConversationEvent } from '@parley/wire';
import type { RequestBody } from '../connection.js';
import type { TimelineEvent } from '../events.js';
import type { PendingSend } from '../outbox-store.js';

type Body = NonNullable<ConversationEvent['body']>;

/** A kind of event: how it is read, and what applications are told. */
export interface EventKind {
  readonly reader: CaseReader;
  /** Of an event with such a body. Undefined for what is no event for applications. Throws ProtobufError when its content cannot be read. */
  show(source: ConversationEvent, self: string): TimelineEvent | undefined;
}

/** What a client does beside sending messages. */
export interface ActKind {
  /** The request that carries a stored act. */
  requestOf(send: PendingSend, isRetry: boolean): RequestBody;
  /** What it did to the conversation, once it is answered with that seq; undefined when that is nothing. */
  effectOf(send: PendingSend, context: { readonly self: string; readonly seq: number; readonly headSeq: number }): Body | undefined;
}

/** What a client says and understands. Bundles hold what is in their vocabulary, and nothing else of the protocol. */
export interface Vocabulary {
  readonly requests: readonly CaseWriter[];
  readonly answers: readonly CaseReader[];
  readonly events: readonly EventKind[];
  readonly acts?: ActKind;
}

/** A kind of event by the case of its body. */
export function eventKind<Value>(
  reader: CaseReader & { read(reader: ProtobufReader): Value },
  show?: (source: ConversationEvent, value: Value, self: string) => TimelineEvent,
): EventKind {
  return { reader, show: (source, self) => show?.(source, source.body?.value as Value, self) };
}

/** What all events say of who did something. */
export const deedOf = ({ conversation, seq, timeMs, sender, clientMsgId }: ConversationEvent, self: string) => ({
  ...{ conversation, seq, timeMs, sender, clientMsgId },
  isOwn: sender === self && self !== '',
});
