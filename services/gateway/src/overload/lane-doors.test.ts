import { describe, expect, it } from '@jest/globals';
import { conversationOfRoom, partitionOf, type RoomId } from '@parley/kernel';
import { doorDefaults } from '@parley/lanes';
import { LaneDoors } from './lane-doors.js';

const partitions = 8;
const room = (name: string): string => conversationOfRoom(name as RoomId);
const busy = room('busy');
const elsewhere = ['a', 'b', 'c', 'd'].map(room).find((id) => partitionOf('app', id, partitions) !== partitionOf('app', busy, partitions));

/** How many of `count` get in at one moment. */
const admit = (doors: LaneDoors, conversation: string, nowMs: number, count = 1_000): number => {
  let admitted = 0;
  for (let i = 0; i < count; i++) if (doors.take('low', 'app', conversation, nowMs) === 0) admitted++;
  return admitted;
};

describe('LaneDoors', () => {
  let delayMs = 0;
  const router = {
    peer: '',
    queueingDelayMs: (_lane: string, _app: string, conversation: string) => (conversation === busy ? delayMs : 0),
  };

  it('lets less in with every window over the budget, and everybody once the lanes flow again', () => {
    const doors = new LaneDoors({ router, partitions });
    expect(admit(doors, busy, 0)).toBe(1_000);
    delayMs = doorDefaults.budgetsMs.low + 1;
    const admitted = [100, 200, 300].map((nowMs) => admit(doors, busy, nowMs));
    expect(admitted).toEqual([700, 490, 343]);
    expect(admit(doors, busy, 310)).toBe(343);
    delayMs = 0;
    expect(admit(doors, busy, 5_000)).toBe(1_000);
  });

  it('does not shut the door of one router because another one is behind', () => {
    const doors = new LaneDoors({ router, partitions });
    delayMs = 10_000;
    for (let nowMs = 0; nowMs < 2_000; nowMs += 100) admit(doors, busy, nowMs, 1);
    expect(admit(doors, busy, 2_000)).toBeLessThan(50);
    expect(admit(doors, elsewhere ?? '', 2_000)).toBe(1_000);
  });

  it('catches up when nobody came for a while', () => {
    const doors = new LaneDoors({ router, partitions });
    delayMs = 10_000;
    admit(doors, busy, 0, 1);
    expect(admit(doors, busy, 60_000)).toBeLessThan(50);
  });
});
