import type { AggregateName } from '@parley/aggregates';
import type { Outcome } from '@parley/contracts/router';
import type { OpenRoom, Room } from '@parley/domain';
import { type CancelTimer, type Clock, limits } from '@parley/kernel';
import { Priority } from '@parley/wire';
import { roomLimits } from '../limits.js';
import type { RoomMetrics } from '../metrics.js';
import type { RoomsView } from '../ports.js';

export interface TallyDeps {
  readonly view: Pick<RoomsView, 'read' | 'ask' | 'version'>;
  readonly clock: Clock;
  readonly metrics: RoomMetrics;
}

/** A room whose tally was told just now or is to be told. */
interface Entry {
  readonly name: AggregateName;
  /** What was told last is not the newest, or may not have arrived. */
  isDue: boolean;
  isAsking: boolean;
  failures: number;
  /** On the monotonic clock. */
  notBeforeMs: number;
  cancelTimer: CancelTimer | undefined;
}

/**
 * Tells each room its numbers: the newest ones, at most once in `limits.roomTallyEveryMs`, and the last ones until
 * the router has taken them. What changes while nothing may be told costs nothing: the next tally says it all.
 */
export class TallyTeller {
  readonly #deps: TallyDeps;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(deps: TallyDeps) {
    this.#deps = deps;
  }

  /** Rooms that are being told or may not be told again yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** A number of the room has changed. */
  changed(name: AggregateName): void {
    if (this.#isClosed) return;
    const key = `${name.app}/${name.conversation}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { name, isDue: true, isAsking: false, failures: 0, notBeforeMs: 0, cancelTimer: undefined };
      this.#entries.set(key, entry);
    }
    entry.isDue = true;
    this.#plan(key, entry);
  }

  close(): void {
    this.#isClosed = true;
    for (const entry of this.#entries.values()) entry.cancelTimer?.();
    this.#entries.clear();
  }

  #plan(key: string, entry: Entry): void {
    if (this.#isClosed || entry.isAsking || entry.cancelTimer !== undefined) return;
    const delayMs = entry.notBeforeMs - this.#deps.clock.monotonic();
    if (delayMs <= 0) this.#act(key, entry);
    else {
      entry.cancelTimer = this.#deps.clock.setTimer(delayMs, () => {
        entry.cancelTimer = undefined;
        this.#act(key, entry);
      });
    }
  }

  #act(key: string, entry: Entry): void {
    const room = this.#deps.view.read(entry.name);
    if (entry.isDue && hasTally(room)) void this.#tell(key, entry, room);
    else this.#entries.delete(key);
  }

  async #tell(key: string, entry: Entry, room: OpenRoom): Promise<void> {
    const { view, clock, metrics } = this.#deps;
    entry.isDue = false;
    entry.isAsking = true;
    entry.notBeforeMs = clock.monotonic() + limits.roomTallyEveryMs;
    const counters = [...room.counters].map(([name, value]) => ({ name, value }));
    const value = { version: view.version, memberCount: room.members.size, counters };
    const notice = { priority: Priority.MEDIUM, body: { type: 'roomTally', value } } as const;
    const outcome = await view.ask('medium', { ...entry.name, body: { type: 'notice', value: notice } }, roomLimits.tallyOutcomeMs);
    entry.isAsking = false;
    const isTaken = outcome?.error === 0;
    (isTaken ? metrics.talliesTaken : metrics.talliesAgain).add(1);
    if (isTaken) entry.failures = 0;
    else this.#postpone(entry, outcome);
    this.#plan(key, entry);
  }

  #postpone(entry: Entry, outcome: Outcome | undefined): void {
    entry.isDue = true;
    const pauseMs = Math.max(limits.roomTallyEveryMs * 2 ** Math.min(entry.failures, 10), outcome?.retryAfterMs ?? 0);
    entry.failures++;
    entry.notBeforeMs = this.#deps.clock.monotonic() + Math.min(pauseMs, roomLimits.tallyRetryMsMax);
  }
}

/** Whether there is something to tell and somebody to be told. */
export const hasTally = (room: Room): room is OpenRoom =>
  room.type === 'open' && room.members.size > 0 && (room.counters.size > 0 || room.members.size > limits.roomVisibleMembersMax);
