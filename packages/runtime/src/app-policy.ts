import type { AdmissionPolicy } from '@parley/contracts/policy';
import { ParleyError } from '@parley/kernel';
import { type BucketPolicy, defaultPolicy, type Level, type LevelRates, type ResolvedPolicy, type RoomRates } from '@parley/lanes';

/** What operators have set for an app at run time; what is absent is left to the configuration. */
export interface AppPolicy {
  readonly client: LevelRates;
  readonly room: RoomRates | undefined;
  readonly app: LevelRates;
}

/** The most messages per second, and at once, that a policy may name. */
const rateMax = 10_000_000;

/** Reads a policy of the contract, which is complete where it says anything; throws INVALID_ARGUMENT naming the field. */
export function readAppPolicy({ client, room, app }: AdmissionPolicy): AppPolicy {
  return {
    client: readLevels('policy.client', client),
    room: room === undefined ? undefined : readRoomRates('policy.room', room),
    app: readLevels('policy.app', app),
  };
}

/** What was set, over what is configured. */
export function resolvePolicy(configured: ResolvedPolicy, set: AppPolicy): ResolvedPolicy {
  return {
    client: overlaidLevels(configured.client, set.client),
    room: set.room ?? configured.room,
    app: overlaidLevels(configured.app, set.app),
  };
}

/** Level by level. */
export const overlaidLevels = (below: LevelRates, above: LevelRates): LevelRates => levelRates((level) => above[level] ?? below[level]);

/** The same question for every level. */
export function levelRates(rateOf: (level: Level) => BucketPolicy | undefined): LevelRates {
  return { low: rateOf('low'), medium: rateOf('medium'), high: rateOf('high') };
}

type ContractLevels = NonNullable<AdmissionPolicy['client']>;

function readLevels(path: string, given: ContractLevels | undefined): LevelRates {
  return levelRates((level) => {
    const rate = given?.[level];
    return rate === undefined ? undefined : readRate(`${path}.${level}`, rate);
  });
}

function readRate(path: string, { perSecond, burst }: NonNullable<ContractLevels['low']>): BucketPolicy {
  checkRange(`${path}.per_second`, perSecond, { from: 1, to: rateMax });
  checkRange(`${path}.burst`, burst, { from: 0, to: rateMax });
  return { perSecond, burst: burst === 0 ? perSecond : burst };
}

function readRoomRates(path: string, given: NonNullable<AdmissionPolicy['room']>): RoomRates {
  const rates = withDefaults(given);
  checkRange(`${path}.per_second`, rates.perSecond, { from: 1, to: rateMax });
  checkRange(`${path}.slice_ms`, rates.sliceMs, { from: 50, to: 1_000 });
  checkRange(`${path}.low_percent`, rates.lowPercent, { from: 1, to: 100 });
  checkRange(`${path}.medium_percent`, rates.mediumPercent, { from: rates.lowPercent, to: 100 });
  return rates;
}

/** What is zero was left out. */
function withDefaults({ perSecond, sliceMs, mediumPercent, lowPercent }: NonNullable<AdmissionPolicy['room']>): RoomRates {
  const { room } = defaultPolicy;
  return {
    perSecond,
    sliceMs: sliceMs === 0 ? room.sliceMs : sliceMs,
    mediumPercent: mediumPercent === 0 ? room.mediumPercent : mediumPercent,
    lowPercent: lowPercent === 0 ? room.lowPercent : lowPercent,
  };
}

function checkRange(field: string, value: number, { from, to }: { readonly from: number; readonly to: number }): void {
  if (value < from || value > to) throw new ParleyError('INVALID_ARGUMENT', `${field}: expected ${from} to ${to}, got ${value}`);
}
