import { describe, expect, it } from '@jest/globals';
import type { LevelRow } from '../measure/level-row.js';
import { excessOf, judgedOverload } from './judge-overload.js';
import { overloadPlan } from './overload-plan.js';
import { quotaDoubts } from './quota-doubts.js';
import type { BenchSettings } from './workload.js';

const spread = (p99: number) => ({ count: 100, p50: p99 / 2, p95: p99, p99, max: p99 });
const row = (level: LevelRow['level'], more: Partial<LevelRow> = {}): LevelRow => ({
  ...{ level, offered: 100, accepted: 100, refused: {}, unanswered: 0, wanted: 1_000, due: 1_000, delivered: 1_000, inTime: 1_000 },
  ...{ shed: 0, pending: 0, lost: 0, surplus: 0, contradicted: 0, told: 0, ack: spread(5), last: spread(20) },
  ...more,
});
const cpu = { wallMs: 1_000, serverMs: 900, generatorMs: 100, othersMs: 0 };
const judged = (levels: readonly LevelRow[], isAccountable = true) =>
  judgedOverload({ levels, cpu, lag: spread(1), troubles: [] }, { held: 100, offered: 300, isAccountable, doubts: [], counters: {} });

describe('the plan of an overload', () => {
  const plan = overloadPlan({ rooms: 4, members: 10, high: 5, low: 60 });

  it('mixes the levels in their shares, in every room alike', () => {
    for (let room = 0; room < 4; room++) {
      const levels = Array.from({ length: 10_000 }, (_, i) => i * 4 + room).map((n) => plan.levelOf(n));
      const share = (level: string): number => levels.filter((each) => each === level).length / levels.length;
      expect(share('high')).toBeCloseTo(0.05, 2);
      expect(share('low')).toBeCloseTo(0.6, 2);
      expect(share('medium')).toBeCloseTo(0.35, 2);
    }
  });

  it('has every member send into his own room', () => {
    const senders = new Set<number>();
    for (let n = 0; n < 400; n++) {
      senders.add(plan.senderOf(n));
      expect(plan.roomOfClient(plan.senderOf(n))).toBe(plan.roomOf(n));
    }
    expect(senders.size).toBe(40);
  });
});

describe('quotas of urgent messages', () => {
  const settings = { rooms: 10, members: 200, high: 5, roomRate: 0 } as BenchSettings;

  it('leave the run valid as long as the generator stays within them', () => {
    expect(quotaDoubts(settings, 20_000)).toEqual([]);
    expect(quotaDoubts(settings, 20_020)).toEqual(['100 HIGH messages/s in each room: more than a room takes for sure']);
    expect(quotaDoubts({ ...settings, roomRate: 100_000 }, 20_020)).toEqual([]);
    expect(quotaDoubts({ ...settings, roomRate: 100_000, members: 2 }, 3_000)).toEqual([
      '7.5 HIGH messages/s of each client: more than a client may send',
    ]);
  });
});

describe('the judge of an overload', () => {
  it('lets low be refused and shed with words, and nothing else', () => {
    const low = row('low', { accepted: 60, refused: { OVERLOADED: 40 }, due: 600, delivered: 500, shed: 100, told: 100 });
    expect(judged([row('high'), row('medium', { pending: 5, delivered: 995 }), low]).faults).toEqual([]);
    expect(judged([row('high'), row('low', { unanswered: 2, lost: 3, surplus: 4, contradicted: 1 })]).faults).toEqual([
      'low: 2 messages without an answer',
      'low: 3 deliveries missing without a word',
      'low: 4 deliveries too many',
      'low: 1 messages refused and delivered',
    ]);
  });

  it('takes every refusal and every loss of an urgent message for a fault', () => {
    const high = row('high', { refused: { RATE_LIMITED: 1 }, shed: 1, pending: 1, told: 2 });
    expect(judged([high]).faults).toEqual([
      'high: 1 messages refused with RATE_LIMITED',
      'high: 2 deliveries missing',
      'high: 2 deliveries told to be dropped',
    ]);
  });

  it('shows the losses of a server that promises nothing as shares of what was offered', () => {
    const { faults, values } = judged([row('high', { unanswered: 50, accepted: 50, delivered: 250, inTime: 100, lost: 250 })], false);
    expect(faults).toEqual([]);
    expect(values).toMatchObject({ 'high accepted share': 50, 'high delivered share': 25, 'high within 1 s share': 10 });
  });

  it('calls a rate held when it came through in time, but for a hundredth of what is not urgent', () => {
    expect(excessOf([row('high'), row('low', { accepted: 99, due: 990, delivered: 990 })])).toEqual([]);
    expect(excessOf([row('low', { accepted: 98, due: 980, delivered: 980 })])).toEqual(['low: 2 of 100 messages not accepted']);
    expect(excessOf([row('high', { accepted: 99, due: 990, delivered: 990 })])).toEqual(['high: 1 of 100 messages not accepted']);
    expect(excessOf([row('high', { delivered: 999, lost: 1 })])).toEqual(['high: 1 of 1000 deliveries missing']);
    expect(excessOf([row('low', { delivered: 989, shed: 11 })])).toEqual(['low: 11 of 1000 deliveries missing']);
    expect(excessOf([row('low', { last: spread(501) })])).toEqual(['low: last member at p99 after 501 ms']);
  });
});
