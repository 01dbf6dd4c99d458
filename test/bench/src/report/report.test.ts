import { describe, expect, it } from '@jest/globals';
import type { BenchSettings, Round } from '../workloads/workload.js';
import { printedComparison } from './print-comparison.js';
import { printedMatrix } from './print-matrix.js';
import { printedReport } from './print-report.js';
import { type CpuProfile, hotFunctions, hotPackages } from './profile-summary.js';
import { ratiosOf } from './ratios.js';
import { summarize } from './summary.js';
import { number, table } from './table.js';

const cpu = { wallMs: 1_000, serverMs: 500, generatorMs: 100, othersMs: 0 };
const roundOf = (microseconds: number, more: Partial<Round> = {}): Round => ({
  values: { 'server CPU per message': microseconds },
  cpu,
  faults: [],
  invalid: [],
  ...more,
});
const saturated = { rate: 0, isCluster: false };

describe('the summary', () => {
  it('compares the median with the target of the run', () => {
    const { rows, cores } = summarize('direct', [roundOf(30), roundOf(20), roundOf(24)], saturated);
    expect(rows[0]).toMatchObject({ median: 24, target: '≤ 25', isMet: true, unit: 'µs' });
    expect(cores).toEqual({ server: 0.5, generator: 0.1, others: 0 });
    const paced = summarize('direct', [roundOf(260)], { rate: 1000, isCluster: false });
    expect(paced.rows[0]).toMatchObject({ target: '≤ 250', isMet: false });
  });

  it('leaves invalid rounds out while there are others, and says so', () => {
    const summary = summarize('direct', [roundOf(20), roundOf(90, { invalid: ['busy'] })], saturated);
    expect(summary.rows[0]?.rounds).toEqual([20]);
    expect(summary.invalid).toEqual(['round 2: busy']);
  });
});

describe('the report', () => {
  it('shows values beside targets, faults and doubts', () => {
    const summary = summarize('direct', [roundOf(90, { faults: ['1 deliveries missing'], invalid: ['busy'] })], saturated);
    const facts = { cores: 2, cpu: 'x', memoryGiB: 8, kernel: '6', node: '20', listener: 'uws', commit: 'abc' };
    const text = printedReport({ title: 'direct', facts, summary });
    expect(text).toMatch(/server CPU per message +90\.0 +µs +90\.0 +≤ 25 MISSED/);
    expect(text).toContain('FAULT round 1: 1 deliveries missing');
    expect(text).toContain('INVALID round 1: busy');
  });

  it('aligns columns and keeps three digits', () => {
    expect(
      table([
        ['a', 'bb', 'c'],
        ['long', '1', 'x'],
      ]),
    ).toBe('a     bb  c\nlong   1  x');
    expect([1.234, 12.34, 1234.5, Number.NaN].map(number)).toEqual(['1.23', '12.3', '1 235', '–']);
  });
});

describe('the comparison with others', () => {
  it('sets each round of a peer against the rounds right before and after', () => {
    const turn = (name: string, microseconds: number) => ({ name, round: roundOf(microseconds) });
    const turns = [turn('parley', 10), turn('nats', 30), turn('parley', 20), turn('nats', 60), turn('parley', 40), turn('ejabberd', 40)];
    expect(ratiosOf(turns, 'nats')).toEqual([{ metric: 'server CPU per message', ratio: 2 }]);
    expect(ratiosOf(turns, 'ejabberd')).toEqual([{ metric: 'server CPU per message', ratio: 1 }]);
  });

  it('shows values, ratios and what an acknowledgement means', () => {
    const peer = {
      ...{ name: 'nats', durability: 'D0' as const, about: '2.9', summary: summarize('nats', [roundOf(30)], saturated) },
      ratios: [{ metric: 'server CPU per message', ratio: 1.5 }],
    };
    const text = printedComparison('direct', {
      durability: 'D2',
      summary: summarize('direct', [roundOf(20)], saturated),
      peers: [peer],
    });
    expect(text).toMatch(/parley D2 +nats D0 +ratio\n/);
    expect(text).toMatch(/server CPU per message +µs +20\.0 +30\.0 +× 1\.50\n/);
    expect(text).toContain('D2: acknowledged means on the disk');
  });
});

describe('a matrix of runs', () => {
  it('names its columns by what differs', () => {
    const entry = (members: number, microseconds: number) => ({
      workload: 'room',
      settings: { members, rate: 50 } as BenchSettings,
      summary: summarize('room', [roundOf(microseconds)], saturated),
    });
    const text = printedMatrix([entry(3_000, 2), entry(10_000, 3)]);
    expect(text).toMatch(/members +3 000 +10 000\n/);
    expect(text).toMatch(/server CPU per message +µs +2\.00 +3\.00\n/);
    expect(text).not.toContain('rate');
  });
});

describe('the summary of a profile', () => {
  const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
    id,
    callFrame: { functionName, url, lineNumber: 0 },
    children,
  });
  const profile: CpuProfile = {
    startTime: 1_000,
    nodes: [
      node(1, '(root)', '', [2, 4]),
      node(2, 'outer', 'file:///x/packages/wire/dist/a.js', [3]),
      node(3, 'inner', 'file:///x/services/router/dist/b.js'),
      node(4, '(idle)', ''),
    ],
    samples: [2, 3, 4, 3, 2],
    timeDeltas: [0, 1_000, 2_000, 4_000, 8_000],
  };

  it('gives each function the time until the next sample, within the spans, idle time left out', () => {
    expect(hotFunctions(profile, [[0, 1e9]])).toEqual([
      { name: 'inner (router/dist/b.js:1)', selfMs: 10, totalMs: 10 },
      { name: 'outer (wire/dist/a.js:1)', selfMs: 1, totalMs: 11 },
    ]);
    expect(hotFunctions(profile, [[0, 1_500]])).toEqual([{ name: 'outer (wire/dist/a.js:1)', selfMs: 1, totalMs: 1 }]);
  });

  it('adds functions up by package', () => {
    expect(hotPackages(hotFunctions(profile, [[0, 1e9]])).map(({ name, selfMs }) => `${name} ${selfMs}`)).toEqual(['router 10', 'wire 1']);
  });
});
