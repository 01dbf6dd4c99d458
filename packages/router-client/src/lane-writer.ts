import { encodeLaneRecord, type LaneCommandInit } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { AppendUnknownError, type EventLog } from '@parley/eventlog';
import { type Clock, type ErrorName, partitionOf } from '@parley/kernel';
import { DelayGauge, type Lane, perLane } from '@parley/lanes';
import { laneWriterLimits } from './limits.js';

export interface LaneWriterDeps {
  readonly log: EventLog;
  readonly partitions: number;
  readonly clock: Clock;
  /** A command did not get into its lane: TIMEOUT when that is unknown, OVERLOADED or UNAVAILABLE when it is certain. */
  readonly onFailed: (command: LaneCommandInit, error: ErrorName) => void;
}

/** Packs commands of one tick, lane and partition into one record. */
export interface LaneWriter {
  submit(lane: Lane, command: LaneCommandInit): void;
  /** How long commands have waited here of late before they were handed to the log, or wait now; milliseconds. */
  delayMs(lane: Lane, partition: number): number;
  /** Resolves when everything submitted so far has been handed to the log. */
  flushed(): Promise<void>;
}

interface Slot {
  readonly lane: Lane;
  readonly partition: number;
  waiting: LaneCommandInit[];
  readonly gauge: DelayGauge;
  inFlight: Promise<void> | undefined;
  isScheduled: boolean;
}

/**
 * Lanes do not wait for each other: each has its own commands and its own record on the way, per partition, and its
 * own bounds. A record leaves at the end of the tick when the lane is idle; while one is on its way, commands gather
 * for the next. So an idle lane adds no delay and a busy one large records.
 */
export function createLaneWriter(deps: LaneWriterDeps): LaneWriter {
  const slots = new Map<string, Slot>();
  /** Commands that wait, by lane. */
  const waiting = perLane(() => 0);
  let due: Slot[] = [];

  function slotOf(lane: Lane, partition: number): Slot {
    const key = `${lane}/${partition}`;
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = { lane, partition, waiting: [], gauge: new DelayGauge(deps.clock.monotonic()), inFlight: undefined, isScheduled: false };
      slots.set(key, slot);
    }
    return slot;
  }

  /** How long the oldest command of the slot has waited, by the time that it bears of its coming in. */
  function waitedMs({ waiting: [oldest] }: Slot): number {
    const now = deps.clock.now();
    return Math.max(0, now - (oldest?.ingressMs ?? now));
  }

  function advance(slot: Slot): void {
    const now = deps.clock.monotonic();
    while (slot.gauge.advance(now, waitedMs(slot)));
  }

  function schedule(slot: Slot): void {
    if (slot.isScheduled || slot.inFlight !== undefined) return;
    slot.isScheduled = true;
    if (due.push(slot) === 1) setImmediate(sendDue);
  }

  function sendDue(): void {
    const slotsDue = due;
    due = [];
    for (const slot of slotsDue) {
      slot.isScheduled = false;
      slot.inFlight = sendOne(slot).finally(() => {
        slot.inFlight = undefined;
        if (slot.waiting.length > 0) schedule(slot);
      });
    }
  }

  async function sendOne(slot: Slot): Promise<void> {
    advance(slot);
    slot.gauge.record(waitedMs(slot), Math.min(slot.waiting.length, laneWriterLimits.recordCommandsMax));
    const commands = slot.waiting.splice(0, laneWriterLimits.recordCommandsMax);
    waiting[slot.lane] -= commands.length;
    try {
      await deps.log.append(topics.lanes[slot.lane], slot.partition, recordsOf(commands));
    } catch (error) {
      const name = error instanceof AppendUnknownError ? 'TIMEOUT' : 'OVERLOADED';
      for (const command of commands) deps.onFailed(command, name);
    }
  }

  return {
    submit(lane, command) {
      const slot = slotOf(lane, partitionOf(command.app ?? '', command.conversation ?? '', deps.partitions));
      const { waitingCommandsMax, waitingInAllMax } = laneWriterLimits;
      if (slot.waiting.length >= waitingCommandsMax[lane] || waiting[lane] >= waitingInAllMax[lane]) {
        deps.onFailed(command, 'OVERLOADED');
        return;
      }
      waiting[lane]++;
      slot.waiting.push(command);
      schedule(slot);
    },
    delayMs(lane, partition) {
      const slot = slots.get(`${lane}/${partition}`);
      if (slot === undefined) return 0;
      advance(slot);
      return slot.gauge.meanMs;
    },
    async flushed() {
      for (;;) {
        const open = [...slots.values()].filter((slot) => slot.inFlight !== undefined || slot.waiting.length > 0);
        if (open.length === 0) return;
        await Promise.all(open.map((slot) => slot.inFlight ?? new Promise<void>((resolve) => setImmediate(resolve))));
      }
    },
  };
}

/** One record, or several when the commands are large. */
function recordsOf(commands: readonly LaneCommandInit[]): { value: Uint8Array }[] {
  const value = encodeLaneRecord({ commands });
  if (value.length <= laneWriterLimits.recordBytesMax || commands.length === 1) return [{ value }];
  const middle = commands.length >> 1;
  return [...recordsOf(commands.slice(0, middle)), ...recordsOf(commands.slice(middle))];
}
