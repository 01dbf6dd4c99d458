import type { Clock } from '@parley/kernel';
import type { SendRow } from '../history-store.js';
import { storeLimits } from '../limits.js';

const dayMs = 86_400_000;

/** The UTC day that a moment falls on, counted from 1970. */
export const dayOf = (timeMs: number): number => Math.floor(timeMs / dayMs);

/** The first day that may still hold a send that is not too old. */
export const firstSendDay = (clock: Clock): number => dayOf(clock.now() - storeLimits.sendsKeptMs);

export const isSendExpired = (clock: Clock, send: SendRow): boolean => send.timeMs < clock.now() - storeLimits.sendsKeptMs;

/** Sends by client id, one map per day, so that a week's end costs one delete. */
export class SendDays {
  readonly #clock: Clock;
  readonly #days = new Map<number, Map<string, SendRow>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(send: SendRow): void {
    if (isSendExpired(this.#clock, send)) return;
    const day = dayOf(send.timeMs);
    let sends = this.#days.get(day);
    if (sends === undefined) {
      sends = new Map();
      this.#days.set(day, sends);
      this.#dropExpired();
    }
    sends.set(keyOf(send.app, send.conversation, send.sender, send.clientMsgId), send);
  }

  find(app: string, conversation: string, sender: string, clientMsgId: string): SendRow | undefined {
    const key = keyOf(app, conversation, sender, clientMsgId);
    for (let day = dayOf(this.#clock.now()) + 1; day >= firstSendDay(this.#clock); day--) {
      const send = this.#days.get(day)?.get(key);
      if (send !== undefined) return isSendExpired(this.#clock, send) ? undefined : send;
    }
    return undefined;
  }

  #dropExpired(): void {
    const first = firstSendDay(this.#clock);
    for (const day of this.#days.keys()) if (day < first) this.#days.delete(day);
  }
}

const keyOf = (app: string, conversation: string, sender: string, clientMsgId: string): string =>
  `${app}\0${conversation}\0${sender}\0${clientMsgId}`;
