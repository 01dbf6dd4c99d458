const mappedDotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const mappedFull = /^0000:0000:0000:0000:0000:ffff:([0-9a-f]{2})([0-9a-f]{2}):([0-9a-f]{2})([0-9a-f]{2})$/i;

/** One spelling of an address: IPv4 in IPv6 (RFC 4291, 2.5.5.2) becomes plain IPv4. */
export function plainAddress(address: string): string {
  const dotted = mappedDotted.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const parts = mappedFull.exec(address);
  if (parts === null) return address;
  return parts
    .slice(1)
    .map((part) => Number.parseInt(part, 16))
    .join('.');
}
