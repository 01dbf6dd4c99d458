/** Bits per term: with seven probes about one answer in a hundred is a false yes. */
const bitsPerTerm = 10;
const probes = 7;
const bytesMax = 32 * 1024;

/** A Bloom filter (Bloom 1970) of terms: says for certain that one is missing, never that it is there. */
export function filterOf(terms: ReadonlySet<string>): Uint8Array {
  const filter = new Uint8Array(Math.min(bytesMax, Math.max(8, Math.ceil((terms.size * bitsPerTerm) / 8))));
  for (const term of terms)
    for (const bit of bitsOf(term, filter.length * 8)) filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
  return filter;
}

/** Whether all of the terms may be there. */
export const mayHold = (filter: Uint8Array, terms: readonly string[]): boolean =>
  terms.every((term) => bitsOf(term, filter.length * 8).every((bit) => ((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0));

/** Two hashes make all probes (Kirsch and Mitzenmacher 2006). */
function bitsOf(term: string, size: number): readonly number[] {
  const first = hash(term, 0x811c9dc5);
  const second = hash(term, 0x9747b28c) | 1;
  return Array.from({ length: probes }, (_, i) => ((first + Math.imul(i, second)) >>> 0) % size);
}

/** FNV-1a over UTF-16 code units with a final mix. */
function hash(text: string, seed: number): number {
  let value = seed;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}
