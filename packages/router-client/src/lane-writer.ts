import { encodeLaneRecord, type LaneCommandInit } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { AppendUnknownError, type EventLog } from '@parley/eventlog';
import { type ErrorName, partitionOf } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import { laneWriterLimits } from './limits.js';

export interface LaneWriterDeps {
  readonly log: EventLog;
  readonly partitions: number;
  /** A command did not get into its lane: TIMEOUT when that is unknown, OVERLOADED or UNAVAILABLE when it is certain. */
  readonly onFailed: (command: LaneCommandInit, error: ErrorName) => void;
}

/** Packs commands of one tick, lane and partition into one record. */
export interface LaneWriter {
  submit(lane: Lane, command: LaneCommandInit): void;
  /** Resolves when everything submitted so far has been handed to the log. */
  flushed(): Promise<void>;
}

interface Slot {
  readonly lane: Lane;
  readonly partition: number;
  waiting: LaneCommandInit[];
  inFlight: Promise<void> | undefined;
  isScheduled: boolean;
}

/**
 * A record leaves at the end of the tick when the lane is idle; while one is on its way, commands gather
 * for the next. So an idle lane adds no delay and a busy one large records.
 */
export function createLaneWriter(deps: LaneWriterDeps): LaneWriter {
  const slots = new Map<string, Slot>();
  let due: Slot[] = [];

  function slotOf(lane: Lane, partition: number): Slot {
    const key = `${lane}/${partition}`;
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = { lane, partition, waiting: [], inFlight: undefined, isScheduled: false };
      slots.set(key, slot);
    }
    return slot;
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
    const commands = slot.waiting.splice(0, laneWriterLimits.recordCommandsMax);
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
      if (slot.waiting.length >= laneWriterLimits.waitingCommandsMax) {
        deps.onFailed(command, 'OVERLOADED');
        return;
      }
      slot.waiting.push(command);
      schedule(slot);
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
