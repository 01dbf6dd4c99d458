import { describe, expect, it } from '@jest/globals';
import type { LevelRow } from '../measure/level-row.js';
import { gatewayShares } from './gateway-shares.js';
import { counterIncreases } from './read-counters.js';
import { imbalancesOf } from './server-balance.js';

const counters = {
  'gateway-1': {
    'parley_gateway_admitted_total{level="low"}': 40,
    'parley_gateway_not_admitted_total{door="room",level="low"}': 5,
    'parley_gateway_shed_total{stage="gateway",level="low"}': 3,
    'parley_gateway_shed_total{stage="socket",level="low"}': 1_000,
  },
  'gateway-2': { 'parley_gateway_admitted_total{level="low"}': 20, 'parley_gateway_admitted_total{level="high"}': 7 },
  'router-1': {
    'parley_router_taken_total{level="low",result="passed"}': 50,
    'parley_router_taken_total{level="low",result="shed"}': 8,
    'parley_router_taken_total{level="low",result="refused"}': 2,
  },
};
const low = { level: 'low', offered: 68, accepted: 50 } as LevelRow;

describe('the balance between generator and server', () => {
  it('is even when every message is in exactly one place', () => {
    expect(imbalancesOf(counters, low)).toEqual([]);
  });

  it('says which books disagree', () => {
    expect(imbalancesOf(counters, { ...low, offered: 69, accepted: 49 })).toEqual([
      'low: 69 messages were offered, the gateways admitted 60 and turned 8 away',
      'low: 49 messages were accepted, the routers stored 0 and passed 50 on',
    ]);
    const unread = { ...counters, 'router-1': { ...counters['router-1'], 'parley_router_taken_total{level="low",result="shed"}': 7 } };
    expect(imbalancesOf(unread, low)).toEqual(['low: the gateways admitted 60 messages, the routers took 59']);
  });

  it('is not drawn up for a server that keeps no books', () => {
    expect(imbalancesOf({ server: {} }, low)).toEqual([]);
  });
});

describe('counters of a round', () => {
  it('are what was counted in it, by process', () => {
    const before = new Map([['gateway-1', new Map([['parley_a_total', 4]])]]);
    const after = new Map([
      [
        'gateway-1',
        new Map([
          ['parley_a_total', 9],
          ['parley_b_ms_bucket{le="1"}', 5],
        ]),
      ],
      ['gateway-2', new Map([['parley_a_total{x="y"}', 1]])],
    ]);
    expect(counterIncreases(before, after)).toEqual({ 'gateway-1': { parley_a_total: 5 }, 'gateway-2': { 'parley_a_total{x="y"}': 1 } });
  });

  it('show how often each gateway heard each message', () => {
    const heard = { 'gateway-1': { parley_gateway_deliveries_total: 500 }, 'gateway-2': { parley_gateway_deliveries_total: 1_000 } };
    expect(gatewayShares({ ...heard, 'router-1': {} }, 500)).toEqual({
      'events heard by gateway-1 per message': 1,
      'events heard by gateway-2 per message': 2,
    });
  });
});
