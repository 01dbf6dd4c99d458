import type { Clock } from '@parley/kernel';
import type { SendRow } from '../history-store.js';
import { dayOf, firstSendDay } from '../memory/send-days.js';
import type { BytesDatabase, LmdbEnvironment } from './lmdb-environment.js';

/**
 * Sends in one database per UTC day, so that forgetting a day costs one drop and not a delete per
 * message. The days that exist are listed in a database of their own.
 */
export class SendDayDatabases {
  readonly #environment: LmdbEnvironment;
  readonly #clock: Clock;
  readonly #list: BytesDatabase;
  readonly #days = new Map<number, BytesDatabase>();

  constructor(environment: LmdbEnvironment, clock: Clock) {
    this.#environment = environment;
    this.#clock = clock;
    this.#list = environment.database('send-days');
    for (const key of this.#list.getKeys()) this.#open(Buffer.from(key).readUInt32BE());
  }

  /** Where the send belongs, or undefined when it is too old to be kept. */
  of(send: SendRow): BytesDatabase | undefined {
    return this.#days.get(dayOf(send.timeMs));
  }

  /** Databases that may hold sends that are not too old, newest day first. */
  newestFirst(): readonly BytesDatabase[] {
    const first = firstSendDay(this.#clock);
    return [...this.#days.keys()]
      .filter((day) => day >= first)
      .sort((a, b) => b - a)
      .map((day) => this.#days.get(day) as BytesDatabase);
  }

  /** Opens the days of these sends, but none that is over; call it before the transaction that writes them. */
  prepare(sends: Iterable<SendRow>): void {
    const first = firstSendDay(this.#clock);
    for (const send of sends) {
      const day = dayOf(send.timeMs);
      if (day < first || this.#days.has(day)) continue;
      this.#list.putSync(keyOf(day), Buffer.from([1]));
      this.#open(day);
    }
  }

  /** Drops the days that are over; call it inside a transaction. */
  dropExpired(): void {
    const first = firstSendDay(this.#clock);
    for (const [day, database] of this.#days) {
      if (day >= first) continue;
      this.#days.delete(day);
      void database.drop();
      void this.#list.remove(keyOf(day));
    }
  }

  #open(day: number): void {
    this.#days.set(day, this.#environment.database(`sends-${day}`));
  }
}

function keyOf(day: number): Uint8Array {
  const key = Buffer.alloc(4);
  key.writeUInt32BE(day);
  return key;
}
