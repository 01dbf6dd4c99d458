import { type Random, sleep, systemClock } from '@parley/kernel';
import { type AttributeChanges, type AttributeOptions, ParleyClientError, type Room } from '@parley/sdk';
import type { RoomRecorder } from '@parley/testkit';
import type { Actor } from '../world/actor.js';

/** Definite answers to a change that was not made, though it may be later. */
const postponements: readonly string[] = ['RATE_LIMITED', 'OVERLOADED'];
const pauseMs = 50;

export interface SeatChangerOptions {
  readonly actor: Actor;
  readonly room: string;
  readonly recorder: RoomRecorder;
  readonly random: Random;
}

/** A change of a room's attributes; each key that it sets gets the same value, which nobody else sets. */
export interface SeatChange extends AttributeOptions {
  readonly seats: readonly string[];
  readonly freed?: readonly string[];
}

/** Changes attributes of a room as one device, one change after the other, and writes down what it is answered and shown. */
export class SeatChanger {
  readonly #options: SeatChangerOptions;
  #count = 0;

  constructor(options: SeatChangerOptions) {
    this.#options = options;
  }

  /** What the device sees of the room, from now on also in the record. */
  watch(): void {
    const { actor, room, recorder } = this.#options;
    const held = this.room;
    const look = ({ stateVersion: version, attributes }: Room): void => {
      if (version > 0) recorder.viewed({ device: actor.device, room, version, attributes });
    };
    look(held);
    held.on('changed', look);
  }

  /** Throws when the device has lost its place. */
  get room(): Room {
    const { actor, room } = this.#options;
    const held = actor.client.rooms.get(room);
    if (held === undefined) throw new Error(`${actor.user} ${actor.device} is no longer in ${room}: ${actor.errors.slice(-3).join('; ')}`);
    return held;
  }

  /** Returns when there is an answer, or none to be had, and another change may be asked for. */
  async change({ seats, freed = [], ...options }: SeatChange): Promise<void> {
    const { actor, room, recorder } = this.#options;
    const value = `${actor.device}-${++this.#count}`;
    const set = Object.fromEntries(seats.map((seat) => [seat, value]));
    const { force = false, updateOwner = false, deleteOnLeave = false, ifVersion = 0 } = options;
    const facts = {
      room,
      user: actor.user,
      set: new Map(Object.entries(set)),
      deleted: freed,
      force,
      updateOwner,
      deleteOnLeave,
      ifVersion,
    };
    const changes: AttributeChanges = { set, deleted: freed };
    const entry = recorder.change(facts);
    try {
      entry.ok(await this.room.changeAttributes(changes, options));
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      const isDefinite = !error.retryable || postponements.includes(error.name);
      if (isDefinite) entry.refused(error.name);
      if (error.retryable) await sleep(systemClock, Math.max(pauseMs, error.retryAfterMs));
    }
  }
}
