import { decodeLaneRecord, type LaneCommand } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { type EventLog, OffsetOutOfRangeError, type StoredRecord } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import { type Lane, lanes, perLane } from '@parley/lanes';
import type { Logger } from '@parley/telemetry';
import { routerLimits } from '../limits.js';
import type { TransitClock } from '../overload/transit-clock.js';
import type { ConversationState } from './conversation-state.js';

/** A lane record in memory, on its way to a decision. */
export interface PendingRecord {
  readonly lane: Lane;
  /** Where the lane goes on behind it. */
  readonly nextOffset: number;
  readonly commands: readonly LaneCommand[];
  readonly arrivedMs: number;
  /** When the last of its commands began to wait, on the way here included; on the clock of `arrivedMs`. */
  readonly sinceMs: number;
  /** The conversations of the commands, as far as they were in memory when it came. */
  readonly states: (ConversationState | undefined)[];
  /** How many of the commands are transient messages; undefined until somebody counts them. */
  transients: number | undefined;
}

interface LaneQueue {
  readonly records: PendingRecord[];
  commands: number;
  /** Set while the follower waits for room. */
  resume: (() => void) | undefined;
}

export interface LaneIntakeDeps {
  readonly log: EventLog;
  readonly partition: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly transits: TransitClock;
  /** Called as soon as a record has come in. */
  readonly onRecord: (record: PendingRecord) => void;
}

/** Reads the four lanes of one partition into bounded queues. */
export class LaneIntake {
  readonly #deps: LaneIntakeDeps;
  readonly #queues = perLane<LaneQueue>(() => ({ records: [], commands: 0, resume: undefined }));

  constructor(deps: LaneIntakeDeps) {
    this.#deps = deps;
  }

  /** Follows all lanes from the given positions; resolves when the signal is aborted, rejects when a lane breaks. */
  async run(positions: ReadonlyMap<string, number>, signal: AbortSignal): Promise<void> {
    await Promise.all(lanes.map((lane) => this.#follow(lane, positions.get(lane), signal)));
  }

  head(lane: Lane): PendingRecord | undefined {
    return this.#queues[lane].records[0];
  }

  take(lane: Lane): PendingRecord {
    const queue = this.#queues[lane];
    const record = queue.records.shift();
    if (record === undefined) throw new Error(`lane ${lane} is empty`);
    queue.commands -= record.commands.length;
    if (queue.resume !== undefined && queue.commands <= routerLimits.laneCommandsMax / 2) {
      queue.resume();
      queue.resume = undefined;
    }
    return record;
  }

  waitingCommands(lane: Lane): number {
    return this.#queues[lane].commands;
  }

  async #follow(lane: Lane, position: number | undefined, signal: AbortSignal): Promise<void> {
    const { log, partition, logger } = this.#deps;
    const topic = topics.lanes[lane];
    let from = position ?? (await log.range(topic, partition)).start;
    for (;;) {
      try {
        await log.follow(topic, partition, { from, signal, onRecords: (records) => this.#receive(lane, records) });
        return;
      } catch (error) {
        if (!(error instanceof OffsetOutOfRangeError)) throw error;
        // A lane keeps its records for a while only, and starts anew with an embedded process. What is
        // gone was never acknowledged.
        logger.info('the lane does not reach back to its position, going on at its start', { lane, partition, from });
        from = error.range.start;
      }
    }
  }

  #receive(lane: Lane, records: readonly StoredRecord[]): void | Promise<void> {
    const queue = this.#queues[lane];
    for (const record of records) {
      const commands = this.#decode(lane, record);
      const arrivedMs = this.#deps.clock.monotonic();
      const sinceMs = arrivedMs - this.#wayOf(commands);
      const pending = { lane, nextOffset: record.offset + 1, commands, arrivedMs, sinceMs, states: [], transients: undefined };
      queue.records.push(pending);
      queue.commands += commands.length;
      this.#deps.onRecord(pending);
    }
    if (queue.commands <= routerLimits.laneCommandsMax) return undefined;
    return new Promise((resolve) => {
      queue.resume = resolve;
    });
  }

  /** How long the commands of one writer were on their way. */
  #wayOf(commands: readonly LaneCommand[]): number {
    const last = commands.at(-1);
    if (last?.origin === undefined) return 0;
    return this.#deps.transits.waitedMs(last.origin.peer, last.ingressMs, this.#deps.clock.now());
  }

  /** What cannot be read is put aside with its position; the lane goes on. */
  #decode(lane: Lane, record: StoredRecord): readonly LaneCommand[] {
    try {
      return decodeLaneRecord(record.value).commands;
    } catch (error) {
      const { log, partition, logger } = this.#deps;
      logger.error('undecodable lane record, kept as a dead letter', { lane, partition, offset: record.offset }, error);
      const key = `${topics.lanes[lane]}/${partition}/${record.offset}`;
      log.append(topics.deadLetters, 0, [{ key, value: record.value }]).catch((cause: unknown) => {
        logger.error('dead letter could not be kept', { lane, partition, offset: record.offset }, cause);
      });
      return [];
    }
  }
}
