/** Randomness as a dependency, so that tests can repeat it. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  bytes(length: number): Uint8Array;
}

/** Cryptographically strong bytes; `next` is fit for jitter, not for secrets. */
export const systemRandom: Random = { next: () => Math.random(), bytes: createRandomPool() };

/** A call for random bytes costs microseconds however few they are, so many are taken at once. Each is handed out once. */
function createRandomPool(): Random['bytes'] {
  const pool = new Uint8Array(2_048);
  let used = pool.length;
  return (length) => {
    const bytes = new Uint8Array(length);
    if (length > pool.length / 8) return crypto.getRandomValues(bytes);
    if (used + length > pool.length) {
      crypto.getRandomValues(pool);
      used = 0;
    }
    const taken = pool.subarray(used, used + length);
    bytes.set(taken);
    taken.fill(0);
    used += length;
    return bytes;
  };
}

/** A repeatable sequence (mulberry32), for tests and simulations. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)) };
}

const alphabet = '0123456789abcdefghijklmnopqrstuv';

/** A random id of base-32 characters, 5 bits each; 26 characters carry 130 bits. */
export function randomId(random: Random, length = 26): string {
  const codes: number[] = [];
  for (const byte of random.bytes(length)) codes.push(alphabet.charCodeAt(byte & 31));
  // Made at once: a string that is put together piece by piece keeps its pieces, many times the size.
  return String.fromCharCode(...codes);
}
