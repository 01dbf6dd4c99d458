import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Level } from '../chat/chat-server.js';
import { LevelLedger } from './level-ledger.js';
import type { LevelRow, MessagePlan } from './level-row.js';

/** Two rooms of three; the room of message n is n % 2, its sender the first of the room. */
const plan = (levelOf: (n: number) => Level): MessagePlan => ({
  clients: 6,
  rooms: 2,
  receivers: 2,
  isTransient: (level) => level === 'low',
  levelOf,
  roomOf: (n) => n % 2,
  senderOf: (n) => (n % 2) * 3,
  roomOfClient: (client) => Math.floor(client / 3),
});

const first = 50;
const nowMs = 5_000;

describe('the ledger of levels', () => {
  let ledger: LevelLedger;
  const rowOf = (level: Level): LevelRow => {
    const row = ledger.rows(nowMs).find((each) => each.level === level);
    if (row === undefined) throw new Error('no such row');
    return row;
  };
  const begin = (messages: number, levelOf: (n: number) => Level): void => {
    ledger = new LevelLedger(plan(levelOf), { first, messages });
    for (let n = 0; n < messages; n++) ledger.due(first + n, 1_000);
  };
  const reach = (n: number, clients: readonly number[], atMs = 1_010): void => {
    for (const client of clients) ledger.arrived(client, first + n, atMs);
  };

  beforeEach(() => begin(2, (n) => (n === 0 ? 'high' : 'low')));

  it('balances what was accepted and delivered, level by level', () => {
    ledger.stored(first, 1_003);
    ledger.stored(first + 1, 1_004);
    reach(0, [1, 2], 1_020);
    expect(ledger.isSettled()).toBe(false);
    reach(1, [4, 5], 2_500);
    expect(ledger.isSettled()).toBe(true);
    expect(rowOf('high')).toMatchObject({
      offered: 1,
      accepted: 1,
      due: 2,
      delivered: 2,
      inTime: 2,
      lost: 0,
      ack: { max: 3 },
      last: { max: 20 },
    });
    expect(rowOf('low')).toMatchObject({ accepted: 1, delivered: 2, inTime: 0, last: { count: 1, max: 1_500 } });
    expect(ledger.oddities()).toEqual([]);
  });

  it('counts a refusal under its name and expects no delivery for it', () => {
    ledger.stored(first, 1_003);
    reach(0, [1, 2]);
    ledger.refused(first + 1, 'OVERLOADED');
    expect(rowOf('low')).toMatchObject({ accepted: 0, refused: { OVERLOADED: 1 }, unanswered: 0, due: 0, lost: 0, contradicted: 0 });
    expect(ledger.isSettled()).toBe(true);
    reach(1, [4]);
    expect(rowOf('low').contradicted).toBe(1);
  });

  it('takes what the server told to be dropped for an explanation, for that client and level only', () => {
    for (const n of [0, 1]) ledger.stored(first + n, 1_003);
    reach(0, [1]);
    ledger.dropped(2, 'low', 1);
    expect(rowOf('high')).toMatchObject({ shed: 0, lost: 1, told: 0 });
    ledger.dropped(4, 'low', 1);
    expect(rowOf('low')).toMatchObject({ shed: 1, lost: 1, told: 2 });
    ledger.dropped(5, 'low', 1);
    expect(rowOf('low')).toMatchObject({ shed: 2, lost: 0 });
  });

  it('lets a client that must fetch wait for stored messages, not for transient ones', () => {
    for (const n of [0, 1]) ledger.stored(first + n, 1_003);
    for (const client of [1, 2, 4, 5]) ledger.behind(client);
    expect(rowOf('high')).toMatchObject({ pending: 2, lost: 0 });
    expect(rowOf('low')).toMatchObject({ pending: 0, lost: 2 });
  });

  it('dates messages that have not reached everybody with their age, unless they were told to be dropped', () => {
    begin(2, () => 'low');
    for (const n of [0, 1]) ledger.stored(first + n, 1_003);
    reach(0, [1, 2], 1_010);
    reach(1, [4], 1_010);
    expect(rowOf('low').last).toMatchObject({ count: 2, max: nowMs - 1_000 });
    ledger.dropped(5, 'low', 1);
    expect(rowOf('low').last).toMatchObject({ count: 1, max: 10 });
  });

  it('notices answers and deliveries that are too many', () => {
    for (const index of [first, first, 7]) ledger.stored(index, 1_003);
    reach(0, [1, 2, 2]);
    ledger.arrived(1, 999, 1_000);
    expect(rowOf('high').surplus).toBe(1);
    expect(ledger.oddities()).toEqual(['1 messages answered more than once', '2 answers or deliveries of other messages']);
  });
});
