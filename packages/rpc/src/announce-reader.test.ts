import { describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '@parley/kernel';
import { announceReader } from './announce-reader.js';
import { createMemoryDirectory } from './memory-directory.js';

const reader = (peer: string) => ({ service: 'history', partition: 3, fence: 0, address: `${peer}:1`, peer });

/** A clock whose timers fire when the test says so. */
function patientClock(): { readonly clock: Clock; fire(): void } {
  const timers = new Set<() => void>();
  const setTimer = (_: number, action: () => void): (() => void) => {
    timers.add(action);
    return () => timers.delete(action);
  };
  const fire = (): void => {
    const due = [...timers];
    timers.clear();
    for (const action of due) action();
  };
  return { clock: { ...systemClock, setTimer }, fire };
}

describe('a reader', () => {
  it('that still serves a partition a while after another one announced itself does so again', async () => {
    const directory = createMemoryDirectory();
    const { clock, fire } = patientClock();
    await announceReader({ directory, clock }, reader('a'));
    await directory.publish(reader('b'));
    expect(directory.ownerOf('history', 3)?.peer).toBe('b');
    fire();
    expect(directory.ownerOf('history', 3)?.peer).toBe('a');
  });

  it('that has stopped by then leaves it to the other one', async () => {
    const directory = createMemoryDirectory();
    const { clock, fire } = patientClock();
    const stop = await announceReader({ directory, clock }, reader('a'));
    await directory.publish(reader('b'));
    stop();
    fire();
    expect(directory.ownerOf('history', 3)?.peer).toBe('b');
  });

  it('does not mind what happens to other partitions and services', async () => {
    const directory = createMemoryDirectory();
    const { clock, fire } = patientClock();
    await announceReader({ directory, clock }, reader('a'));
    await directory.publish({ ...reader('b'), partition: 4 });
    await directory.publish({ ...reader('b'), service: 'push' });
    fire();
    expect([directory.ownerOf('history', 4)?.peer, directory.ownerOf('push', 3)?.peer]).toEqual(['b', 'b']);
  });
});
