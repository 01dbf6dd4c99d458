import type { LevelRow } from '../measure/level-row.js';
import { doubtsAbout, lagDoubts } from './judge.js';
import type { LevelRunResult } from './level-run.js';
import { imbalancesOf } from './server-balance.js';
import type { Round } from './workload.js';

/** A rate is held when the last member hears of it within so many milliseconds at p99, ... */
const heldWithinMs = 500;
/** ... and so much of it is accepted and delivered: of HIGH everything, of the others all but what a short stall of the machine costs. */
const heldShareMin = { high: 1, medium: 0.99, low: 0.99 } as const;

/** What shows that the server does not hold what it was offered, in words; empty when it does. */
export const excessOf = (levels: readonly LevelRow[]): readonly string[] =>
  levels.flatMap(({ level, offered, accepted, due, delivered, last }) => [
    ...(accepted < offered * heldShareMin[level] ? [`${level}: ${offered - accepted} of ${offered} messages not accepted`] : []),
    ...(delivered < due * heldShareMin[level] ? [`${level}: ${due - delivered} of ${due} deliveries missing`] : []),
    ...(last.p99 > heldWithinMs ? [`${level}: last member at p99 after ${Math.round(last.p99)} ms`] : []),
  ]);

interface Offer {
  /** Messages per second that the server holds. */
  readonly held: number;
  readonly offered: number;
  readonly isAccountable: boolean;
  /** Why the server may refuse urgent messages without being at fault, see `quotaDoubts`. */
  readonly doubts: readonly string[];
  readonly counters: NonNullable<Round['counters']>;
}

/** A round with what became of each level. A server that promises nothing has losses, not faults. */
export function judgedOverload({ levels, cpu, lag, troubles }: LevelRunResult, offer: Offer): Round {
  const values: Record<string, number> = { 'held per second': offer.held, 'offered per second': offer.offered };
  for (const row of levels) Object.assign(values, valuesOf(row));
  const delivered = levels.reduce((sum, row) => sum + row.delivered, 0);
  return {
    values: {
      ...values,
      'server CPU share': (cpu.serverMs / cpu.wallMs) * 100,
      'server CPU per delivery': (cpu.serverMs * 1000) / delivered,
      'generator lag p99': lag.p99,
    },
    cpu,
    faults: offer.isAccountable ? [...levels.flatMap((row) => [...faultsOf(row), ...imbalancesOf(offer.counters, row)]), ...troubles] : [],
    invalid: [...doubtsAbout(cpu), ...lagDoubts(lag), ...offer.doubts],
    levels,
    counters: offer.counters,
  };
}

/** What is compared between servers: shares of what was offered, in percent, and latencies in milliseconds. */
function valuesOf({ level, offered, accepted, wanted, delivered, inTime, ack, last }: LevelRow): Readonly<Record<string, number>> {
  const percent = (part: number, whole: number): number => (whole === 0 ? Number.NaN : (part / whole) * 100);
  return {
    [`${level} accepted share`]: percent(accepted, offered),
    [`${level} delivered share`]: percent(delivered, wanted),
    [`${level} within 1 s share`]: percent(inTime, wanted),
    [`${level} acknowledged p50`]: ack.p50,
    [`${level} acknowledged p99`]: ack.p99,
    [`${level} acknowledged max`]: ack.max,
    [`${level} last member p50`]: last.p50,
    [`${level} last member p99`]: last.p99,
    [`${level} last member max`]: last.max,
  };
}

/** Accepted is delivered, on its way by word, or told to be dropped; HIGH is delivered. */
function faultsOf(row: LevelRow): readonly string[] {
  const { level, unanswered, lost, surplus, contradicted, refused, shed, pending, told } = row;
  const always: readonly (readonly [number, string])[] = [
    [unanswered, 'messages without an answer'],
    [lost, 'deliveries missing without a word'],
    [surplus, 'deliveries too many'],
    [contradicted, 'messages refused and delivered'],
  ];
  const ofHigh: readonly (readonly [number, string])[] = [
    ...Object.entries(refused).map(([name, count]) => [count, `messages refused with ${name}`] as const),
    [shed + pending, 'deliveries missing'],
    [told, 'deliveries told to be dropped'],
  ];
  const counts = level === 'high' ? [...always, ...ofHigh] : always;
  return counts.filter(([count]) => count > 0).map(([count, what]) => `${level}: ${count} ${what}`);
}
