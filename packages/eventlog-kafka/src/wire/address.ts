/** Where a broker listens, as `host:port`; an IPv6 host stands in brackets. */
export type Address = string;

export const addressOf = (host: string, port: number): Address => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Throws when it is no `host:port`. */
export function parseAddress(address: Address): { readonly host: string; readonly port: number } {
  const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(address);
  if (!match) throw new Error(`"${address}" is no broker address: host:port is wanted`);
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}
