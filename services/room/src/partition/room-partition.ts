import type { AggregateName, CommittedChange, PartitionCompanion } from '@parley/aggregates';
import type { RoomEvent } from '@parley/contracts/events';
import type { Room } from '@parley/domain';
import { type CancelTimer, limits } from '@parley/kernel';
import { roomLimits } from '../limits.js';
import type { RoomMetrics } from '../metrics.js';
import type { RoomServiceDeps, RoomsView } from '../ports.js';
import { CountCollector } from './count-collector.js';
import { ExpireSweep } from './expire-sweep.js';
import { PresenceSweep } from './presence-sweep.js';
import { RoomIndex } from './room-index.js';
import { hasTally, TallyTeller } from './tally-teller.js';

/** What goes on in the rooms of a partition besides calls, for as long as this process owns it. Nothing of it outlasts that. */
export class RoomPartition implements PartitionCompanion<Room, RoomEvent> {
  readonly view: RoomsView;
  readonly index = new RoomIndex();
  readonly counts: CountCollector;
  readonly #deps: RoomServiceDeps;
  readonly #tallies: TallyTeller;
  readonly #presence: PresenceSweep;
  readonly #expiry: ExpireSweep;
  readonly #ending = new AbortController();
  readonly #sweeping: Promise<void>;
  #cancelCatchUp: CancelTimer | undefined;

  constructor(view: RoomsView, deps: RoomServiceDeps, metrics: RoomMetrics) {
    const { clock, presence, telemetry } = deps;
    const { logger } = telemetry;
    this.view = view;
    this.#deps = deps;
    this.counts = new CountCollector({ view, clock });
    this.#tallies = new TallyTeller({ view, clock, metrics });
    this.#expiry = new ExpireSweep({ view, clock, logger });
    this.#presence = new PresenceSweep({ view, presence, clock, logger, metrics });
    for (const [name, room] of view.aggregates()) this.#noteState(name, room);
    this.#catchUp(view.aggregates()[Symbol.iterator]());
    this.#sweeping = this.#presence.run(this.#ending.signal);
  }

  committed({ name, state, events }: CommittedChange<Room, RoomEvent>): void {
    this.#noteState(name, state);
    let moved = 0;
    let isCounted = false;
    for (const { change } of events) {
      if (change?.type === 'counted') isCounted = true;
      if (change?.type === 'left') moved += change.value.users.length;
      if (change?.type !== 'entered') continue;
      moved += change.value.users.length;
      for (const user of change.value.users) this.#presence.entered(name.app, user);
    }
    const isLarge = state.type === 'open' && state.members.size + moved > limits.roomVisibleMembersMax;
    if (isCounted || (moved > 0 && isLarge)) this.#tallies.changed(name);
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#cancelCatchUp?.();
    this.counts.close();
    this.#tallies.close();
    this.#expiry.close();
    await this.#sweeping;
  }

  #noteState(name: AggregateName, room: Room): void {
    const id = name.conversation.slice(2);
    if (room.type === 'open') this.index.add(name.app, id);
    else this.index.remove(name.app, id);
    this.#expiry.seen(name, room);
  }

  /** The former owner may have gone before it told the last numbers; nobody knows of which rooms, so all are told, at a pace. */
  #catchUp(rooms: Iterator<readonly [AggregateName, Room]>): void {
    for (let told = 0; told < roomLimits.tallyCatchUpRooms; ) {
      const next = rooms.next();
      if (next.done === true) return;
      const [name, room] = next.value;
      if (!hasTally(room)) continue;
      this.#tallies.changed(name);
      told++;
    }
    this.#cancelCatchUp = this.#deps.clock.setTimer(roomLimits.tallyCatchUpEveryMs, () => this.#catchUp(rooms));
  }
}
