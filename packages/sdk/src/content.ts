import { type Content, type ContentInit, decodeContent, encodeContent, type Priority } from '@parley/wire';

type Kind = NonNullable<Content['kind']>;
type KindInit = NonNullable<ContentInit['kind']>;
type Flat<Variant> = Variant extends { readonly type: infer Type; readonly value: infer Value }
  ? { readonly type: Type; readonly extension?: string } & Value
  : never;

/** What a received message says: `{ type: 'text', text }`, `{ type: 'image', url, … }`, … */
export type MessageContent = Flat<Kind> | UnknownContent;
/** What `send` takes; fields that are left out are empty. */
export type MessageContentInit = Flat<KindInit>;

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

/** Encodes content for a frame. */
export function contentToBytes(content: MessageContentInit): Uint8Array {
  return encodeContent({ kind: { type: content.type, value: content } as KindInit, extension: content.extension });
}

/** Decodes content; throws ProtobufError when the bytes are none. */
export function contentFromBytes(bytes: Uint8Array): MessageContent {
  const { kind, extension } = decodeContent(bytes);
  const tail = extension === '' ? {} : { extension };
  if (kind === undefined) return { type: 'unknown', ...tail };
  const value = 'payload' in kind.value ? { ...kind.value, payload: kind.value.payload.slice() } : kind.value;
  return { type: kind.type, ...value, ...tail } as MessageContent;
}
