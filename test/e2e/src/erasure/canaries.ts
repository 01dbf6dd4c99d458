import { randomId, systemRandom } from '@parley/kernel';

/** Every word begins so. */
export const canaryMark = 'zqcanary';
/** Characters of base64 that depend on the mark alone, whichever of three places it begins at. */
const base64Marks = [0, 1, 2].map((before) => {
  const encoded = Buffer.from(`${'x'.repeat(before)}${canaryMark}`).toString('base64');
  return encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + canaryMark.length) * 4) / 3));
});
const marks: readonly Buffer[] = [
  Buffer.from(canaryMark),
  Buffer.from(canaryMark, 'utf16le'),
  Buffer.from(canaryMark, 'utf16le').swap16(),
  Buffer.from(Buffer.from(canaryMark).toString('hex')),
  ...base64Marks.map((part) => Buffer.from(part)),
];
/** From just before a mark on, to tell which word it belongs to. */
const spanBytes = 128;
const beginsWithin = 4;

/** Words that occur nowhere else, each planted in one place, so that whoever finds one knows where it was left. */
export class Canaries {
  readonly #places = new Map<string, string>();

  /** A new word for a place: 20 letters and digits in lower case, so that no index spells it another way. */
  plant(place: string): string {
    const word = `${canaryMark}${randomId(systemRandom, 12)}`;
    this.#places.set(word, place);
    return word;
  }

  /** The places whose words occur in the text or bytes: as UTF-8, UTF-16, hexadecimal or base64. */
  foundIn(source: string | Buffer): readonly string[] {
    const bytes = typeof source === 'string' ? Buffer.from(source) : source;
    const found = new Set<string>();
    for (const form of marks) {
      for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + form.length)) {
        found.add(this.#placeNear(bytes.subarray(Math.max(0, at - beginsWithin), at + spanBytes)));
      }
    }
    return [...found].sort();
  }

  #placeNear(span: Buffer): string {
    let nearest = { at: beginsWithin + 1, place: `a word that was cut off: ${span.toString('latin1').replace(/[^ -~]/g, '.')}` };
    for (const [word, place] of this.#places) {
      for (const form of formsOf(word)) {
        const at = span.indexOf(form);
        if (at >= 0 && at < nearest.at) nearest = { at, place };
      }
    }
    return nearest.place;
  }
}

function formsOf(word: string): readonly Buffer[] {
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${'x'.repeat(before)}${word}`).toString('base64');
    return Buffer.from(encoded.slice(Math.ceil((before * 4) / 3), Math.floor(((before + word.length) * 4) / 3)));
  });
  const utf16 = Buffer.from(word, 'utf16le');
  return [Buffer.from(word), utf16, Buffer.from(utf16).swap16(), Buffer.from(Buffer.from(word).toString('hex')), ...base64];
}
