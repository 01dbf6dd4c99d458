import { type Clock, sleep } from '@parley/kernel';
import type { AdminAddress } from './server-under-test.js';

/** A JSON object of an answer. */
export type Json = Readonly<Record<string, unknown>>;

const attemptsMax = 20;

/** Calls the back-end API over HTTP, to set up what clients may not or not so fast. */
export class AdminClient {
  readonly #address: AdminAddress;
  readonly #clock: Clock;

  constructor(address: AdminAddress, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  /** One call of `<service>/<method>`, repeated as long as the server says that later will do. Throws with its words. */
  async call(method: string, body: object): Promise<Json> {
    for (let attempt = 1; ; attempt++) {
      const answer = await fetch(`${this.#address.url}/v1/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#address.key}` },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as Json;
      const waitMs = retryAfterMs(text);
      if (waitMs === undefined || attempt === attemptsMax) throw new Error(`${method}: ${answer.status} ${text.slice(0, 300)}`);
      await sleep(this.#clock, waitMs);
    }
  }
}

const backoffMs = 200;

/** When a refused call may be tried again; undefined: never. */
export function retryAfterMs(answer: string): number | undefined {
  const [, advice] = /"retry":\s*"([a-z-]+)"/.exec(answer) ?? [];
  const [, wait = '0'] = /"retryAfterMs":\s*"?(\d+)/.exec(answer) ?? [];
  return advice === undefined || advice === 'never' ? undefined : Math.max(backoffMs, Number(wait));
}
