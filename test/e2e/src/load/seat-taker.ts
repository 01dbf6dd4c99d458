import type { Actor } from '../world/actor.js';
import { SeatChanger, type SeatChangerOptions } from './seat-changer.js';
import type { Worker } from './worker.js';

/** Fewer than there are devices, so that they meet. */
const seats = ['seat-1', 'seat-2', 'seat-3', 'seat-4'] as const;

export interface SeatTakerOptions extends SeatChangerOptions {
  /** Key of a note that only this device writes. */
  readonly note: string;
  /** Called after every answer. */
  onProgress(): void;
}

/** Takes seats, gives them up, takes others' by force and acts on what it last saw; and likes what it sees. */
export class SeatTaker implements Worker {
  readonly actor: Actor;
  readonly #options: SeatTakerOptions;
  readonly #changer: SeatChanger;
  #isOver = false;
  #bursts = 0;
  #likes = 0;

  constructor(options: SeatTakerOptions) {
    this.#options = options;
    this.actor = options.actor;
    this.#changer = new SeatChanger(options);
    this.#changer.watch();
  }

  get bursts(): number {
    return this.#bursts;
  }

  /** How often it liked the room. */
  get likes(): number {
    return this.#likes;
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      const likes = 1 + this.#pick(3);
      this.#changer.room.like(likes);
      this.#likes += likes;
      await this.#act();
      this.#bursts++;
      this.#options.onProgress();
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  #act(): Promise<void> {
    const { note, actor } = this.#options;
    const { attributes, stateVersion } = this.#changer.room;
    const seat = this.#seat();
    const own = seats.filter((each) => attributes.get(each)?.owner === actor.user);
    const deleteOnLeave = this.#pick(2) === 0;
    switch (this.#pick(5)) {
      case 0:
        // Two devices on one seat: a part of them is refused.
        return this.#changer.change({ seats: [seat], deleteOnLeave });
      case 1:
        return this.#changer.change({ seats: [note], freed: own });
      case 2:
        return this.#changer.change({ seats: [seat, note], force: true, updateOwner: true, deleteOnLeave });
      case 3:
        return this.#changer.change({ seats: [seat], freed: seats.filter((each) => each !== seat), force: true, ifVersion: stateVersion });
      default:
        return this.#changer.change({ seats: [seat, this.#seat(), note], force: true, ifVersion: stateVersion, deleteOnLeave });
    }
  }

  #seat(): string {
    return seats[this.#pick(seats.length)] ?? '';
  }

  #pick(count: number): number {
    return Math.floor(this.#options.random.next() * count);
  }
}
