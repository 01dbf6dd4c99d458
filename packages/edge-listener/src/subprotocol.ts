/**
 * The first supported subprotocol that the client offers (RFC 6455, 11.3.4), or undefined. The server's
 * order of preference counts.
 */
export function chooseSubprotocol(offered: string, supported: readonly string[]): string | undefined {
  const names = offered.split(',').map((name) => name.trim());
  return supported.find((name) => names.includes(name));
}
