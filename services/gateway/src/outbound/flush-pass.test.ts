import { describe, expect, it } from '@jest/globals';
import type { EdgeConnection } from '@parley/edge-listener';
import type { Clock } from '@parley/kernel';
import { ClientConnection } from '../sessions/client-connection.js';
import { FlushPass } from './flush-pass.js';

const edge: EdgeConnection = {
  ...{ subprotocol: '', remoteAddress: '', context: undefined, bufferedBytes: 0 },
  send: () => undefined,
  close: () => undefined,
  terminate: () => undefined,
};
const connections = Array.from({ length: 1_000 }, (_, id) => new ClientConnection(edge, id, false, 0));

/** Every write takes a hundredth of a millisecond. */
class WritingClock implements Pick<Clock, 'monotonic'> {
  nowMs = 0;
  readonly written: number[] = [];

  monotonic = (): number => this.nowMs;
  write = (connection: ClientConnection): void => {
    this.nowMs += 0.01;
    this.written.push(connection.id);
  };
}

function passOf(clock: WritingClock, some: readonly ClientConnection[]): FlushPass {
  const pass = new FlushPass({ ...clock, now: clock.monotonic, setTimer: () => () => undefined });
  for (const connection of some) pass.add(connection);
  return pass;
}

describe('FlushPass', () => {
  it('writes to all, in order, a few milliseconds at a time', () => {
    const clock = new WritingClock();
    const pass = passOf(clock, connections);
    let slices = 1;
    for (let before = 0; !pass.run(clock.write); slices++, before = clock.nowMs) expect(clock.nowMs - before).toBeLessThan(5);
    expect(slices).toBeGreaterThan(1);
    expect(clock.written).toEqual(connections.map(({ id }) => id));
    expect(pass.isEmpty).toBe(true);
  });

  it('takes those who come while it goes on in the same pass, behind the others', () => {
    const clock = new WritingClock();
    const pass = passOf(clock, connections.slice(0, 900));
    expect(pass.run(clock.write)).toBe(false);
    for (const connection of connections.slice(900)) pass.add(connection);
    while (!pass.run(clock.write));
    expect(clock.written).toEqual(connections.map(({ id }) => id));
  });

  it('writes to nobody any more once it is cleared', () => {
    const clock = new WritingClock();
    const pass = passOf(clock, connections);
    pass.run(clock.write);
    const { length } = clock.written;
    pass.clear();
    expect(pass.run(clock.write)).toBe(true);
    expect(clock.written).toHaveLength(length);
  });
});
