/** Letters of scripts that are written without spaces: each stands for itself. */
const spaceless = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const marks = /\p{M}+/gu;
const pieces = new RegExp(`${spaceless.source}+|(?:(?!${spaceless.source})[\\p{L}\\p{N}])+`, 'gu');

/** The version of everything in this file: filters that were made with another one are made anew. */
export const termsVersion = 1;

/** How letters are compared: by what they are (NFKC), without case and diacritics. */
const normalize = (text: string): string => text.normalize('NFKC').toLowerCase().normalize('NFD').replace(marks, '').normalize('NFC');

/** What is looked for, taken apart. */
export interface Query {
  /** Words that must occur. */
  readonly words: readonly string[];
  /** How another word must begin. */
  readonly beginning: string | undefined;
  /** Runs of letters without spaces that must occur somewhere. */
  readonly runs: readonly string[];
}

/** Undefined where there is nothing to look for. */
export function parseQuery(text: string): Query | undefined {
  const normal = normalize(text);
  const all = normal.match(pieces) ?? [];
  if (all.length === 0) return undefined;
  const runs = all.filter((piece) => spaceless.test(piece));
  const plain = all.filter((piece) => !spaceless.test(piece));
  // Only what stands at the very end may go on.
  const last = all.at(-1) ?? '';
  const isOpen = !spaceless.test(last) && normal.endsWith(last);
  return { words: isOpen ? plain.slice(0, -1) : plain, beginning: isOpen ? last : undefined, runs };
}

/** Whether everything that is looked for occurs. */
export function matches({ words: wanted, beginning, runs }: Query, text: string): boolean {
  const normal = normalize(text);
  if (![...wanted, ...runs, beginning ?? ''].every((part) => normal.includes(part))) return false;
  if (wanted.length === 0 && beginning === undefined) return true;
  const found: readonly string[] = normal.match(pieces) ?? [];
  return wanted.every((word) => found.includes(word)) && (beginning === undefined || found.some((word) => word.startsWith(beginning)));
}

/** Beginnings of words up to this length are terms of their own. */
const beginningMax = 4;

/** What a filter remembers of a text: its words, how they begin, and letters that stand for themselves. */
export function addTerms(into: Set<string>, text: string): void {
  for (const piece of normalize(text).match(pieces) ?? []) {
    if (spaceless.test(piece)) for (const letter of piece) into.add(letter);
    else {
      into.add(piece);
      for (let length = 1; length <= Math.min(beginningMax, piece.length); length++) into.add(`${piece.slice(0, length)}*`);
    }
  }
}

/** Terms that a text must have for the query to match. */
export function termsOf({ words: wanted, beginning, runs }: Query): readonly string[] {
  const begun = beginning === undefined ? [] : [`${beginning.slice(0, beginningMax)}*`];
  return [...wanted, ...begun, ...runs.flatMap((run) => [...run])];
}
