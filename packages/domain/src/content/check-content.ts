import { limits, ok, ProtobufError, ProtobufReader, type Refusal, refusal, refused, type Result } from '@parley/kernel';
import { type Content, decodeContent } from '@parley/wire';
import { type ContentKind, isTransient } from './content-kind.js';
import { type Nesting, refusalOfCombined, refusalOfMultiple } from './nested-content.js';
import { overLimit, overText } from './sizes.js';
import { refusalOfMedia, refusalOfPlace } from './media-content.js';
import { refusalOfNotice } from './notice-content.js';

/** What of a content matters for admission and routing. */
export interface CheckedContent {
  readonly kind: ContentKind;
  /** Not stored and without a seq: commands and bullets. */
  readonly isTransient: boolean;
}

/** Sizes in bytes that an app may set; what is absent has its default. */
export interface ContentLimits {
  /** Of a text and of a custom payload; at most `limits.textBytesCeiling`. */
  readonly textBytesMax?: number;
}

const extensionField = 15;
const lastKindField = 12;

/**
 * Checks encoded content at the door, so that nobody behind it has to: exactly one known kind, every field
 * well-formed (UTF-8 included), sizes within the limits, the same for everything inside. Refused with INVALID_ARGUMENT
 * or MESSAGE_TOO_LARGE, naming the field and the limit. Whether the sender may say a `notice` is the caller's to ask.
 */
export function checkContent(bytes: Uint8Array, appLimits: ContentLimits = {}): Result<CheckedContent, Refusal> {
  if (bytes.length > limits.contentBytesMax) return refused(tooLarge('content', limits.contentBytesMax));
  const textBytesMax = Math.min(appLimits.textBytesMax ?? limits.textBytesMax, limits.textBytesCeiling);
  return checkNested(bytes, { textBytesMax, depth: 0, check: checkNested });
}

/** The same for content at any depth. */
function checkNested(bytes: Uint8Array, nesting: Nesting): Result<CheckedContent, Refusal> {
  let kind: Content['kind'];
  let extensionBytes: number;
  try {
    extensionBytes = scan(bytes);
    kind = decodeContent(bytes).kind;
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    return invalid(error.message);
  }
  if (kind === undefined) return invalid('a known kind is missing');
  if (extensionBytes > limits.extensionBytesMax) return refused(tooLarge('content.extension', limits.extensionBytesMax));
  // Most messages are texts that are shorter, with everything around them, than a text may be.
  const isSmall = kind.type === 'text' && bytes.length <= nesting.textBytesMax;
  const wrong = isSmall ? undefined : refusalOfKind(kind, nesting);
  if (wrong !== undefined) return refused(wrong);
  return ok({ kind: kind.type, isTransient: isTransient(kind.type) });
}

/** Looks at the top level only: no second kind, no field in a foreign wire type. Returns the extension's length. */
function scan(bytes: Uint8Array): number {
  const reader = new ProtobufReader(bytes);
  let kinds = 0;
  let extensionBytes = 0;
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    const field = tag >>> 3;
    if (field <= lastKindField && ++kinds > 1) throw new ProtobufError('more than one kind');
    if ((field <= lastKindField || field === extensionField) && (tag & 7) !== 2) throw new ProtobufError('wire type');
    if (field === extensionField) extensionBytes = reader.readBytes().length;
    else reader.skip(tag);
  }
  return extensionBytes;
}

function refusalOfKind(kind: NonNullable<Content['kind']>, nesting: Nesting): Refusal | undefined {
  const { textBytesMax } = nesting;
  switch (kind.type) {
    case 'text':
      return overText('content.text.text', kind.value.text, textBytesMax);
    case 'custom':
      return (
        overLimit('content.custom.payload', kind.value.payload.length, textBytesMax) ??
        overText('content.custom.summary', kind.value.summary, textBytesMax)
      );
    case 'command':
      return overLimit('content.command.payload', kind.value.payload.length, limits.commandBytesMax);
    case 'bullet':
      return overText('content.bullet.text', kind.value.text, limits.commandBytesMax);
    case 'image':
    case 'file':
    case 'audio':
    case 'video':
      return refusalOfMedia(kind);
    case 'location':
      return refusalOfPlace(kind.value);
    case 'combined':
      return refusalOfCombined(kind.value, nesting);
    case 'multiple':
      return refusalOfMultiple(kind.value, nesting);
    case 'notice':
      return refusalOfNotice(kind.value, textBytesMax);
  }
}

const tooLarge = (field: string, bytesMax: number): Refusal => refusal('MESSAGE_TOO_LARGE', `${field}: at most ${bytesMax} bytes`);

const invalid = (what: string): { readonly ok: false; readonly error: Refusal } => refused(refusal('INVALID_ARGUMENT', `content: ${what}`));
