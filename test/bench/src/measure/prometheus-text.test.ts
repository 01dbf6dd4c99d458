import { describe, expect, it } from '@jest/globals';
import { countersOf, increases, sumOf } from './prometheus-text.js';

const text = [
  '# HELP parley_gateway_shed_total Transient events not sent',
  '# TYPE parley_gateway_shed_total counter',
  'parley_gateway_shed_total{stage="socket",level="low"} 7',
  'parley_gateway_shed_total{stage="socket",level="medium"} 2',
  'parley_gateway_shed_totals 100',
  'parley_gateway_frames_in_total 1.5e3',
  'parley_lag NaN',
  '',
].join('\n');

describe('metrics of a server', () => {
  it('are read with their labels and added up by name', () => {
    const counters = countersOf(text);
    expect(counters.get('parley_gateway_frames_in_total')).toBe(1_500);
    expect(sumOf(counters, 'parley_gateway_shed_total')).toBe(9);
    expect(counters.has('parley_lag')).toBe(false);
  });

  it('grow from what was read before, or from nothing where a process began anew', () => {
    const grown = increases(
      new Map([
        ['a', 5],
        ['b', 9],
        ['c', 1],
      ]),
      new Map([
        ['a', 8],
        ['b', 2],
        ['c', 1],
        ['d', 4],
      ]),
    );
    expect([...grown]).toEqual([
      ['a', 3],
      ['b', 2],
      ['d', 4],
    ]);
  });
});
