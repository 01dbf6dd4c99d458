import { limits, ok, ProtobufError, ProtobufReader, refusal, type Refusal, refused, type Result } from '@parley/kernel';
import { type Content, decodeContent } from '@parley/wire';

/** What kind of thing a message says. */
export type ContentKind = NonNullable<Content['kind']>['type'];

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

const extensionTag = (15 << 3) | 2;
const lastKindField = 9;

/**
 * Checks encoded content at the door, so that nobody behind it has to: exactly one known kind, every field
 * well-formed (UTF-8 included), sizes within the limits. Refused with INVALID_ARGUMENT or MESSAGE_TOO_LARGE,
 * naming the field and the limit.
 */
export function checkContent(bytes: Uint8Array, appLimits: ContentLimits = {}): Result<CheckedContent, Refusal> {
  if (bytes.length > limits.contentBytesMax) return tooLarge('content', limits.contentBytesMax);
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
  if (extensionBytes > limits.extensionBytesMax) return tooLarge('content.extension', limits.extensionBytesMax);
  const size = refusalOfSize(kind, Math.min(appLimits.textBytesMax ?? limits.textBytesMax, limits.textBytesCeiling));
  if (size !== undefined) return refused(size);
  return ok({ kind: kind.type, isTransient: kind.type === 'command' || kind.type === 'bullet' });
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
    if ((field <= lastKindField || field === extensionTag >>> 3) && (tag & 7) !== 2) throw new ProtobufError('wire type');
    if (tag === extensionTag) extensionBytes = reader.readBytes().length;
    else reader.skip(tag);
  }
  return extensionBytes;
}

function refusalOfSize(kind: NonNullable<Content['kind']>, textBytesMax: number): Refusal | undefined {
  switch (kind.type) {
    case 'text':
      return overLimit('content.text.text', utf8Length(kind.value.text), textBytesMax);
    case 'custom':
      return (
        overLimit('content.custom.payload', kind.value.payload.length, textBytesMax) ??
        overLimit('content.custom.summary', utf8Length(kind.value.summary), textBytesMax)
      );
    case 'command':
      return overLimit('content.command.payload', kind.value.payload.length, limits.commandBytesMax);
    case 'bullet':
      return overLimit('content.bullet.text', utf8Length(kind.value.text), limits.commandBytesMax);
    default:
      return undefined;
  }
}

/** Bytes of a well-formed string in UTF-8. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // A surrogate pair is two units and four bytes: each half adds one.
    if (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) length += 2;
    else if (code >= 0x80) length++;
  }
  return length;
}

const overLimit = (field: string, bytes: number, bytesMax: number): Refusal | undefined =>
  bytes > bytesMax ? refusal('MESSAGE_TOO_LARGE', `${field}: at most ${bytesMax} bytes`) : undefined;

const tooLarge = (field: string, bytesMax: number): { readonly ok: false; readonly error: Refusal } =>
  refused(refusal('MESSAGE_TOO_LARGE', `${field}: at most ${bytesMax} bytes`));

const invalid = (what: string): { readonly ok: false; readonly error: Refusal } => refused(refusal('INVALID_ARGUMENT', `content: ${what}`));
