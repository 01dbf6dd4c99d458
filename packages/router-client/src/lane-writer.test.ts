import { describe, expect, it } from '@jest/globals';
import { decodeLaneRecord, type LaneCommandInit } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { createMemoryLog, type EventLog } from '@parley/eventlog';
import { type Clock, systemClock } from '@parley/kernel';
import { type Lane, lanes } from '@parley/lanes';
import { createLaneWriter, type LaneWriter } from './lane-writer.js';
import { laneWriterLimits } from './limits.js';

interface Appended {
  readonly lane: Lane;
  readonly commands: number;
}

/** A log whose appends to one lane end when the test says so. */
class SlowLog {
  readonly appended: Appended[] = [];
  readonly #open: (() => void)[] = [];
  readonly log: EventLog;

  constructor(slow: readonly Lane[]) {
    const log = createMemoryLog({ clock: systemClock });
    this.log = {
      ...log,
      append: async (topic, _partition, records) => {
        const lane = lanes.find((each) => topics.lanes[each] === topic) ?? 'medium';
        const commands = records.reduce((sum, { value }) => sum + decodeLaneRecord(value).commands.length, 0);
        this.appended.push({ lane, commands });
        if (slow.includes(lane)) await new Promise<void>((resolve) => this.#open.push(resolve));
        return { firstOffset: 0 };
      },
    };
  }

  finish(): void {
    for (const resolve of this.#open.splice(0)) resolve();
  }
}

function open(slow: readonly Lane[], clock: Clock = systemClock): { log: SlowLog; writer: LaneWriter; failed: LaneCommandInit[] } {
  const log = new SlowLog(slow);
  const failed: LaneCommandInit[] = [];
  const onFailed = (command: LaneCommandInit): void => void failed.push(command);
  return { log, writer: createLaneWriter({ log: log.log, partitions: 1, clock, onFailed }), failed };
}

const command = (ingressMs: number = systemClock.now()): LaneCommandInit => ({ app: 'app', conversation: 'g:team', ingressMs });
const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the lane writer', () => {
  it('appends HIGH while an append to LOW does not end', async () => {
    const { log, writer } = open(['low']);
    writer.submit('low', command());
    await nextTick();
    for (const lane of ['low', 'high', 'system'] as const) writer.submit(lane, command());
    await nextTick();
    expect(log.appended.map(({ lane }) => lane)).toEqual(['low', 'high', 'system']);
    log.finish();
  });

  it('packs what came during an append into the next record', async () => {
    const { log, writer } = open(['medium']);
    for (const count of [1, 5]) {
      for (let i = 0; i < count; i++) writer.submit('medium', command());
      await nextTick();
    }
    log.finish();
    await nextTick();
    await nextTick();
    expect(log.appended).toEqual([
      { lane: 'medium', commands: 1 },
      { lane: 'medium', commands: 5 },
    ]);
    log.finish();
  });

  it('refuses LOW before MEDIUM and MEDIUM before HIGH when nothing gets through', async () => {
    const { log, writer, failed } = open(lanes);
    const admittedOf = (lane: Lane): number => {
      const before = failed.length;
      for (let i = 0; i < 30_000; i++) writer.submit(lane, command());
      return 30_000 - (failed.length - before);
    };
    const [low, medium, high] = [admittedOf('low'), admittedOf('medium'), admittedOf('high')];
    expect([low, medium, high]).toEqual([
      laneWriterLimits.waitingCommandsMax.low,
      laneWriterLimits.waitingCommandsMax.medium,
      laneWriterLimits.waitingCommandsMax.high,
    ]);
    expect(low).toBeLessThan(medium);
    expect(medium).toBeLessThan(high);
    log.finish();
  });

  it('tells how long commands wait for their lane, and that they do no longer', async () => {
    let nowMs = 1_000;
    const { log, writer } = open(['low'], { ...systemClock, now: () => nowMs, monotonic: () => nowMs });
    writer.submit('low', command(nowMs));
    await nextTick();
    writer.submit('low', command(nowMs));
    nowMs += 1_000;
    expect(writer.delayMs('low', 0)).toBeCloseTo(1_000, -3);
    expect(writer.delayMs('low', 0)).toBeGreaterThan(800);
    expect(writer.delayMs('high', 0)).toBe(0);
    log.finish();
    await nextTick();
    await nextTick();
    nowMs += 200;
    expect(writer.delayMs('low', 0)).toBe(0);
    log.finish();
  });
});
