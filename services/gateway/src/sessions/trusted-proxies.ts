import { BlockList, isIP } from 'node:net';
import type { HandshakeRequest } from '@parley/edge-listener';

/** Proxies that say truly for whom they speak, in the header X-Forwarded-For. */
export class TrustedProxies {
  readonly #addresses = new BlockList();

  /** Addresses, and networks like 10.0.0.0/8. Throws for what is neither. */
  constructor(addresses: readonly string[]) {
    for (const text of addresses) {
      const [address = '', bits] = text.split('/');
      if (bits === undefined) this.#addresses.addAddress(address, familyOf(address));
      else this.#addresses.addSubnet(address, Number(bits), familyOf(address));
    }
  }

  /**
   * The address of the client: each proxy adds the one that it was called from behind the others, so it is the last that is no
   * proxy's. Undefined where a proxy does not tell.
   */
  clientOf({ remoteAddress, forwardedFor }: Pick<HandshakeRequest, 'remoteAddress' | 'forwardedFor'>): string | undefined {
    if (!this.#has(remoteAddress)) return remoteAddress;
    return forwardedFor
      .split(',')
      .map(withoutPort)
      .findLast((address) => address !== '' && !this.#has(address));
  }

  #has(address: string): boolean {
    return isIP(address) !== 0 && this.#addresses.check(address, familyOf(address));
  }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Some proxies tell the port as well: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const withoutPort = (text: string): string =>
  text
    .trim()
    .replace(/^\[(.*)\](?::\d+)?$/, '$1')
    .replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
