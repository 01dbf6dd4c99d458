import { ParleyClientError } from './client-error.js';
import type { RoomInfo } from '@parley/wire';

export interface RoomsOptions {
  enter(room: string): Promise<RoomInfo>;
  /** Sends to the room wait from `blocked` to `unblocked`. */
  blocked(conversation: string): void;
  unblocked(conversation: string): void;
  entered(conversation: string, headSeq: number): void;
  lost(room: string, error: ParleyClientError): void;
}

/** Remembers the rooms the user is in and enters them again on a connection that is not the continuation of the last. */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #entered = new Set<string>();

  constructor(options: RoomsOptions) {
    this.#options = options;
  }

  entered(info: RoomInfo): void {
    this.#entered.add(info.room);
    this.#options.entered(`r:${info.room}`, info.headSeq);
  }

  left(room: string): void {
    this.#entered.delete(room);
  }

  reenter(): void {
    for (const room of this.#entered) void this.#reenter(room);
  }

  async #reenter(room: string): Promise<void> {
    const conversation = `r:${room}`;
    this.#options.blocked(conversation);
    try {
      const info = await this.#options.enter(room);
      if (this.#entered.has(room)) this.#options.entered(conversation, info.headSeq);
    } catch (thrown) {
      const error = ParleyClientError.from(thrown);
      if (this.#entered.delete(room)) this.#options.lost(room, error);
    }
    this.#options.unblocked(conversation);
  }
}
