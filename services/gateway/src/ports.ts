import type { GroupService } from '@parley/contracts/group';
import type { HistoryService } from '@parley/contracts/history';
import type { MediaService } from '@parley/contracts/media';
import type { RoomService } from '@parley/contracts/room';
import type { UserService } from '@parley/contracts/user';
import type { RulesBook } from '@parley/domain';
import type { Clock, Random } from '@parley/kernel';
import type { PolicyBook } from '@parley/lanes';
import type { RouterClient, RouterClientEvents } from '@parley/router-client';
import type { ServiceClient } from '@parley/rpc';
import type { Telemetry } from '@parley/telemetry';
import type { GatewayLimits, RateLimits } from './limits.js';

export const tokenAlgorithms = ['HS256', 'EdDSA', 'ES256', 'RS256'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** A key that tokens of an app may be signed with; it is used with its own algorithm only. */
export interface TokenKey {
  /** `kid` in the header of tokens. */
  readonly id: string;
  readonly algorithm: TokenAlgorithm;
  /** HS256: the shared secret. Otherwise: the public key as PEM (SPKI). */
  readonly key: string;
}

/** What the gateway knows of an app. Absent limits have the gateway's defaults. */
export interface GatewayApp {
  readonly id: string;
  readonly keys: readonly TokenKey[];
  readonly textBytesMax?: number;
  /** Told to clients; at most that of the limits, so that what is silent for longer is dead for every app. */
  readonly heartbeatMs?: number;
  /** Sessions that a user may have on one gateway; the oldest is ended. */
  readonly sessionsPerUserMax?: number;
  readonly rates?: Partial<RateLimits>;
}

/** Translates frames for clients that speak JSON. Both functions throw on input that is no such message. */
export interface JsonCodec {
  /** Proto-JSON of ClientFrames to its binary encoding. */
  decodeClientFrames(text: string): Uint8Array;
  /** Binary ServerFrames to proto-JSON. */
  encodeServerFrames(bytes: Uint8Array): string;
}

export interface GatewayListenerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** `auto` by default. */
  readonly implementation?: 'auto' | 'uws' | 'ws';
  /** Origins that browsers may come from; absent: any. Clients that send no Origin are no browsers and pass. */
  readonly origins?: readonly string[];
  /** Addresses without a limit of handshakes. Loopback by default. */
  readonly unlimitedAddresses?: readonly string[];
  /** Addresses and networks of proxies that say in X-Forwarded-For who their clients are; none by default. */
  readonly trustedProxies?: readonly string[];
}

/** What a gateway is made of. */
export interface GatewayDeps {
  readonly listener: GatewayListenerOptions;
  /** Makes the way to the routers; the gateway disposes of it when it stops. */
  readonly router: (events: RouterClientEvents) => RouterClient;
  readonly history: ServiceClient<typeof HistoryService>;
  readonly group: ServiceClient<typeof GroupService>;
  readonly room: ServiceClient<typeof RoomService>;
  readonly user: ServiceClient<typeof UserService>;
  readonly media: ServiceClient<typeof MediaService>;
  /** What apps let their users do; asked for every act. */
  readonly rules: RulesBook;
  readonly appOf: (id: string) => GatewayApp | undefined;
  /** What may be sent; asked for every message, so that a change holds at once. */
  readonly policies: PolicyBook;
  /** How many gateways share what an app may send. */
  readonly liveGateways: () => number;
  /** Partitions of the log. */
  readonly partitions: number;
  /** Absent: the JSON subprotocol is not offered. */
  readonly jsonCodec?: JsonCodec;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** `gatewayLimits` by default. */
  readonly limits?: GatewayLimits;
}
