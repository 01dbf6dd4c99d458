import { type Refusal, refusal } from '@parley/kernel';

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

/** MESSAGE_TOO_LARGE for a part of a message above its limit. */
export const overLimit = (field: string, bytes: number, bytesMax: number): Refusal | undefined =>
  bytes > bytesMax ? refusal('MESSAGE_TOO_LARGE', `${field}: at most ${bytesMax} bytes`) : undefined;

/** The same for a text. */
export const overText = (field: string, text: string, bytesMax: number): Refusal | undefined =>
  isLonger(text, bytesMax) ? refusal('MESSAGE_TOO_LARGE', `${field}: at most ${bytesMax} bytes`) : undefined;

/** INVALID_ARGUMENT for a text above its limit that is no part of a message. */
export const overLength = (field: string, text: string, bytesMax: number): Refusal | undefined =>
  isLonger(text, bytesMax) ? refusal('INVALID_ARGUMENT', `${field}: at most ${bytesMax} bytes`) : undefined;

/** A UTF-16 unit takes one to three bytes: most strings need no counting. */
export const isLonger = (text: string, bytesMax: number): boolean =>
  text.length > bytesMax || (text.length * 3 > bytesMax && utf8Length(text) > bytesMax);
