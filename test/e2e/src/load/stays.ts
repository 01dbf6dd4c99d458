import { systemClock } from '@parley/kernel';
import type { Actor } from '../world/actor.js';

/** Clients go on with a counter under the nonce of their stay for so long after they lost the connection, with a margin. */
const sameStayMs = 7_000;

/** Whether a device's stay in a room went on over everything: then what it added to counters is counted exactly. */
export class Stays {
  #isUnbroken = true;
  #interruptedMs: number | undefined;
  /** Why the device is out for good, in words; it never is in a run without faults. */
  ended: string | undefined;

  constructor({ client, user, device }: Actor, room: string) {
    client.on('roomStateChanged', ({ room: id, state, cause }) => {
      if (id !== room) return;
      if (state === 'disconnected') this.ended = `${user} ${device} is out of the room: ${cause}`;
      if (state === 'connecting') this.#interruptedMs ??= systemClock.monotonic();
      if (cause === 'offline') this.#isUnbroken = false;
      if (state !== 'connected' || this.#interruptedMs === undefined) return;
      if (systemClock.monotonic() - this.#interruptedMs > sameStayMs) this.#isUnbroken = false;
      this.#interruptedMs = undefined;
    });
  }

  get isUnbroken(): boolean {
    return this.#isUnbroken;
  }
}
