import { ProtobufError, ProtobufReader } from '@parley/kernel';
import type { Content } from '@parley/wire';

/** What kind of thing a message says. */
export type ContentKind = NonNullable<Content['kind']>['type'];

/** By field number of parley.event.v1.Content. */
const kinds: readonly (ContentKind | undefined)[] = [
  undefined,
  'text',
  'image',
  'file',
  'audio',
  'video',
  'location',
  'custom',
  'command',
  'bullet',
  'combined',
  'multiple',
  'notice',
];

/** The kind of encoded content, without decoding it; undefined where none is known or the bytes are none. */
export function contentKindOf(bytes: Uint8Array): ContentKind | undefined {
  const reader = new ProtobufReader(bytes);
  try {
    while (reader.pos < reader.end) {
      const tag = reader.readTag();
      const kind = kinds[tag >>> 3];
      if (kind !== undefined) return kind;
      reader.skip(tag);
    }
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
  }
  return undefined;
}

/** Not stored and without a seq. */
export const isTransient = (kind: string): boolean => kind === 'command' || kind === 'bullet';

const editable: ReadonlySet<string> = new Set<ContentKind>(['text', 'image', 'file', 'audio', 'video', 'location', 'custom', 'multiple']);

/** Whether a message of this kind may be edited: not what quotes others, nor what the server says. */
export const isEditable = (kind: string): boolean => editable.has(kind);
