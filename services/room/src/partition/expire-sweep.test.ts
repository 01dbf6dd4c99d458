import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@parley/aggregates/contract';
import { evolveRoom, initialRoom, type Room } from '@parley/domain';
import { createRoomEvent, type RoomEventInit } from '@parley/contracts/events';
import { silentTelemetry } from '@parley/telemetry';
import { roomLimits } from '../limits.js';
import { ExpireSweep } from './expire-sweep.js';

const startMs = 1_700_000_000_000;
const name = { app: 'app', conversation: 'r:x' };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A room of ann that may be empty for a minute, once more has happened to it. */
function roomAfter(...changes: readonly RoomEventInit['change'][]): Room {
  const created = { type: 'created', value: { creator: 'ann', memberLimit: 10, options: { emptyTtlMs: 60_000 } } } as const;
  return [created, ...changes].reduce<Room>(
    (room, change, i) => evolveRoom(room, createRoomEvent({ app: 'app', room: 'x', version: i + 1, timeMs: startMs, change })),
    initialRoom,
  );
}

const left = { type: 'left', value: { users: ['ann'] } } as const;
const entered = { type: 'entered', value: { users: ['bob'] } } as const;

function openSweep() {
  const clock = new ManualClock(startMs);
  const ended: string[] = [];
  let failure: Error | undefined;
  const execute = async (): Promise<never> => {
    ended.push(name.conversation);
    throw failure ?? new Error('not asked for');
  };
  const sweep = new ExpireSweep({ view: { execute }, clock, logger: silentTelemetry.logger });
  return {
    ...{ clock, ended, sweep },
    fail: (error: Error) => {
      failure = error;
    },
  };
}

describe('the sweep of empty rooms', () => {
  it('leaves rooms alone that somebody is in, or in again, or that are gone', async () => {
    const { clock, ended, sweep } = openSweep();
    sweep.seen(name, roomAfter());
    sweep.seen(name, roomAfter(left));
    sweep.seen(name, roomAfter(left, entered));
    sweep.seen({ ...name, conversation: 'r:y' }, roomAfter(left));
    sweep.seen({ ...name, conversation: 'r:y' }, initialRoom);
    for (let i = 0; i < 100; i++) {
      clock.advance(roomLimits.expireEveryMs);
      await turn();
    }
    expect(ended).toEqual([]);
  });

  it('tries again what could not be ended, once a sweep', async () => {
    const { clock, ended, sweep, fail } = openSweep();
    fail(new Error('overloaded'));
    sweep.seen(name, roomAfter(left));
    clock.advance(59_000);
    await turn();
    expect(ended).toEqual([]);
    for (let i = 0; i < 70; i++) {
      clock.advance(roomLimits.expireEveryMs);
      await turn();
    }
    expect(ended.length).toBeGreaterThan(5);
    expect(ended.length).toBeLessThanOrEqual(71);
    sweep.close();
    const before = ended.length;
    clock.advance(60_000);
    await turn();
    expect(ended.length).toBe(before);
  });
});
