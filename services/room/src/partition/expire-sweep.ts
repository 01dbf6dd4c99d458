import type { AggregateName } from '@parley/aggregates';
import type { Room } from '@parley/domain';
import type { AppId, CancelTimer, Clock, RoomId } from '@parley/kernel';
import type { Logger } from '@parley/telemetry';
import { roomLimits } from '../limits.js';
import type { RoomsView } from '../ports.js';

export interface ExpireDeps {
  readonly view: Pick<RoomsView, 'execute'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface EmptyRoom {
  readonly name: AggregateName;
  readonly app: string;
  readonly room: string;
  /** Milliseconds since 1970 (UTC). */
  readonly endsMs: number;
}

/** Ends rooms that nobody has been in for as long as they may be empty. Costs nothing while there are none. */
export class ExpireSweep {
  readonly #deps: ExpireDeps;
  readonly #empty = new Map<string, EmptyRoom>();
  #cancelTimer: CancelTimer | undefined;
  #isClosed = false;

  constructor(deps: ExpireDeps) {
    this.#deps = deps;
  }

  /** To be called with every state of a room. */
  seen(name: AggregateName, room: Room): void {
    const key = `${name.app}/${name.conversation}`;
    if (room.type === 'open' && room.emptySinceMs > 0 && room.options.emptyTtlMs > 0) {
      this.#empty.set(key, { name, app: room.app, room: room.room, endsMs: room.emptySinceMs + room.options.emptyTtlMs });
      this.#arm();
    } else {
      this.#empty.delete(key);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#isClosed || this.#empty.size === 0) return;
    this.#cancelTimer = this.#deps.clock.setTimer(roomLimits.expireEveryMs, () => void this.#sweep());
  }

  async #sweep(): Promise<void> {
    const nowMs = this.#deps.clock.now();
    const due: EmptyRoom[] = [];
    for (const empty of this.#empty.values()) {
      if (empty.endsMs <= nowMs && due.push(empty) >= roomLimits.expireRoomsMax) break;
    }
    await Promise.all(due.map((empty) => this.#expire(empty)));
    this.#cancelTimer = undefined;
    this.#arm();
  }

  /** Whether it is really over is the decider's to say; what fails is tried again with the next sweep. */
  async #expire({ name, app, room }: EmptyRoom): Promise<void> {
    try {
      await this.#deps.view.execute(name, (stamp) => ({ type: 'expire', app: app as AppId, room: room as RoomId, ...stamp }), {
        when: 'committed',
      });
    } catch (error) {
      this.#deps.logger.debug('an empty room could not be ended yet', { app, room, cause: String(error) });
    }
  }
}
