import { type Content, type ContentInit, contentSchema, decodeAs, encodeAs, type Priority } from '@parley/wire';

type Kind = NonNullable<Content['kind']>;
type KindInit = NonNullable<ContentInit['kind']>;
type Flat<Variant> = Variant extends { readonly type: infer Type; readonly value: infer Value }
  ? { readonly type: Type; readonly extension?: string } & Value
  : never;
type Nested = 'combined' | 'multiple';

/** What a received message says: `{ type: 'text', text }`, `{ type: 'image', url, … }`, … */
export type MessageContent = Exclude<Flat<Kind>, { readonly type: Nested }> | CombinedContent | MultipleContent | UnknownContent;
/** What `send` takes; fields that are left out are empty. */
export type MessageContentInit = Exclude<Flat<KindInit>, { readonly type: Nested }> | CombinedContentInit | MultipleContentInit;

/** Several messages that were forwarded together. */
export interface CombinedContent {
  readonly type: 'combined';
  readonly extension?: string;
  readonly title: string;
  /** For previews. */
  readonly summary: string;
  readonly items: readonly CombinedEntry[];
}

/** One of the forwarded messages: who said it, and when (milliseconds since 1970, UTC). */
export interface CombinedEntry {
  readonly sender: string;
  readonly timeMs: number;
  readonly content: MessageContent;
}

/** Several things that are one message. */
export interface MultipleContent {
  readonly type: 'multiple';
  readonly extension?: string;
  readonly items: readonly MessageContent[];
}

/** At most 100 items, nested three deep; `forward` makes one of several messages. */
export interface CombinedContentInit {
  readonly type: 'combined';
  readonly extension?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly items: readonly { readonly sender: string; readonly timeMs: number; readonly content: MessageContentInit }[];
}

/** At most 20 items: none of them transient, combined or multiple. */
export interface MultipleContentInit {
  readonly type: 'multiple';
  readonly extension?: string;
  readonly items: readonly MessageContentInit[];
}

/** Content of a kind that this version of the SDK does not know. */
export interface UnknownContent {
  readonly type: 'unknown';
  readonly extension?: string;
}

/** HIGH overtakes the others and is never shed; LOW may come late. */
export type SendPriority = 'low' | 'medium' | 'high';
/** `system` is what the server says itself. */
export type MessagePriority = SendPriority | 'system';

const priorities = [undefined, 'low', 'medium', 'high', 'system'] as const;

/** Number on the wire; without a name what the server would choose: low for bullets, medium for the rest. */
export function priorityNumber(name: SendPriority | undefined, content: MessageContentInit): Priority {
  return priorities.indexOf(name ?? (content.type === 'bullet' ? 'low' : 'medium')) as Priority;
}

/** Name of a number from the wire; absent counts as medium, as the server does. */
export function priorityName(priority: Priority): MessagePriority {
  return priorities[priority] ?? 'medium';
}

/** Encodes content for a frame. Content of an unknown kind cannot be sent on: it is sent as empty. */
export function contentToBytes(content: MessageContentInit | UnknownContent): Uint8Array {
  const { extension } = content;
  switch (content.type) {
    case 'unknown':
      return encodeAs(contentSchema, { extension });
    case 'multiple':
      return encodeAs(contentSchema, { kind: { type: 'multiple', value: { items: content.items.map(contentToBytes) } }, extension });
    case 'combined': {
      const items = content.items.map((item) => ({ ...item, content: contentToBytes(item.content) }));
      return encodeAs(contentSchema, { kind: { type: 'combined', value: { ...content, items } }, extension });
    }
    default:
      return encodeAs(contentSchema, { kind: { type: content.type, value: content } as KindInit, extension });
  }
}

/** Deeper than servers allow; what nests deeper is nothing that this client has to show. */
const depthMax = 8;

/** Decodes content; throws ProtobufError when the bytes are none. */
export function contentFromBytes(bytes: Uint8Array, depth = 0): MessageContent {
  const { kind, extension } = decodeAs(contentSchema, bytes);
  const tail = extension === '' ? {} : { extension };
  if (kind === undefined || depth > depthMax) return { type: 'unknown', ...tail };
  if (kind.type === 'multiple') {
    return { type: 'multiple', items: kind.value.items.map((item) => contentFromBytes(item, depth + 1)), ...tail };
  }
  if (kind.type === 'combined') {
    const items = kind.value.items.map((item) => ({ ...item, content: contentFromBytes(item.content, depth + 1) }));
    return { type: 'combined', ...kind.value, items, ...tail };
  }
  return { type: kind.type, ...withOwnBytes(kind.value), ...tail } as MessageContent;
}

/** Bytes are views into the frame; what applications keep must not keep the frame. */
function withOwnBytes<Value extends object>(value: Value): Value {
  const copy: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) copy[name] = field instanceof Uint8Array ? field.slice() : field;
  return copy as Value;
}
