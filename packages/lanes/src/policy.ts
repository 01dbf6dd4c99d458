import type { BucketPolicy } from './token-bucket.js';

/** How urgent a client may call a message; each level is admitted on its own. */
export const levels = ['low', 'medium', 'high'] as const;
export type Level = (typeof levels)[number];

/** A rate per level, in messages; absent: no limit. */
export type LevelRates = { readonly [L in Level]?: BucketPolicy | undefined };

/**
 * What a room takes, all senders together, per slice of time. HIGH may use a whole slice, MEDIUM and LOW together
 * `mediumPercent` of it, LOW `lowPercent`: a lower level never uses up what is set aside for a higher one.
 */
export interface RoomRates {
  /** Messages per second. */
  readonly perSecond: number;
  readonly sliceMs: number;
  readonly mediumPercent: number;
  /** At least 1, at most `mediumPercent`. */
  readonly lowPercent: number;
}

/** How much an app may send: what is set at run time, over what is configured, over the defaults. */
export interface ResolvedPolicy {
  /** Of each client. */
  readonly client: LevelRates;
  /** Of each room. */
  readonly room: RoomRates;
  /** Of the whole app, in all processes together. */
  readonly app: LevelRates;
}

/** The policies that hold now. Ask again for every message: they change while the process runs. */
export interface PolicyBook {
  /** Cheap: neither computes nor allocates. Unknown apps have the default. */
  policyOf(app: string): ResolvedPolicy;
}

/** What holds where nothing is set. LOW and MEDIUM of a client have room for all that its rates per kind of message admit. */
export const defaultPolicy: ResolvedPolicy = {
  client: {
    low: { perSecond: 100, burst: 200 },
    medium: { perSecond: 100, burst: 200 },
    high: { perSecond: 5, burst: 10 },
  },
  room: { perSecond: 200, sliceMs: 200, mediumPercent: 50, lowPercent: 40 },
  app: {},
};
