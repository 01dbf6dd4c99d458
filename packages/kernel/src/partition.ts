/**
 * The partition of a key within an app: FNV-1a over the UTF-16 code units of `<app>/<key>`, folded to
 * the partition count. Part of the stored format: it must never change for an existing cluster.
 */
export function partitionOf(app: string, key: string, partitions: number): number {
  let hash = 0x811c9dc5;
  hash = fnv1a(hash, app);
  hash = Math.imul(hash ^ 0x2f, 0x01000193);
  hash = fnv1a(hash, key);
  hash ^= hash >>> 16;
  return (hash >>> 0) % partitions;
}

function fnv1a(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** A 53-bit hash of bytes (two FNV-1a lanes), to compare message bodies; not for security. */
export function hashBytes(bytes: Uint8Array, seed = 0): number {
  let low = 0x811c9dc5 ^ seed;
  let high = 0xc9dc5118 ^ seed;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x85ebca6b);
  }
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
