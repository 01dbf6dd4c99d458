import { sleep, systemClock, withTimeout } from '@parley/kernel';
import { type Client, createClient } from '@parley/sdk/node';
import { appToken, type DeployedApp } from '@parley/testkit';
import { patiently } from '../world/patiently.js';

const pauseMs = 5;
const answerWithinMs = 15_000;

/** What the pair went through. */
export interface PairReport {
  /** Messages that were stored and received. */
  readonly exchanged: number;
  /** The longest time from a send to its receipt, milliseconds. */
  readonly slowestMs: number;
  /** Connections that had to be made, both users together; 2 when none was lost. */
  readonly connections: number;
  readonly errors: readonly string[];
}

/**
 * Two users who write to each other all the time, one message after the other: whatever is done to the server meanwhile
 * must not be noticed by them.
 */
export class HealthyPair implements AsyncDisposable {
  readonly #clients: readonly [Client, Client];
  readonly #errors: string[] = [];
  #connections = 0;
  #exchanged = 0;
  #slowestMs = 0;
  #isStopping = false;
  #failure: unknown;
  #running: Promise<void> = Promise.resolve();

  private constructor(clients: readonly [Client, Client]) {
    this.#clients = clients;
  }

  /** Both are connected and have exchanged a message. */
  static async start(url: string, app: DeployedApp, users: readonly [string, string] = ['healthy-a', 'healthy-b']): Promise<HealthyPair> {
    const clientOf = (user: string): Client => createClient({ url, token: () => appToken(app, user), user });
    const pair = new HealthyPair([clientOf(users[0]), clientOf(users[1])]);
    for (const client of pair.#clients) pair.#watch(client);
    await Promise.all(pair.#clients.map((client) => client.connect()));
    pair.#running = pair.#run(users).catch((error: unknown) => {
      pair.#failure = error;
    });
    await pair.report();
    return pair;
  }

  /** After an exchange that began now and a further one; throws what stopped the pair. */
  async report(): Promise<PairReport> {
    const until = this.#exchanged + 2;
    while (this.#exchanged < until) {
      if (this.#failure !== undefined) throw this.#failure;
      await sleep(systemClock, pauseMs);
    }
    return { exchanged: this.#exchanged, slowestMs: this.#slowestMs, connections: this.#connections, errors: this.#errors };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.#running;
    for (const client of this.#clients) client.close();
  }

  #watch(client: Client): void {
    client.on('connection', ({ state }) => {
      if (state === 'online') this.#connections++;
    });
    client.on('error', (error) => this.#errors.push(`${error.name}: ${error.message}`));
    client.on('gap', (gap) => this.#errors.push(`gap ${JSON.stringify(gap)}`));
  }

  async #run(users: readonly [string, string]): Promise<void> {
    const [a, b] = this.#clients;
    for (let lastSeq = 0; !this.#isStopping; ) {
      const [from, to, peer] = this.#exchanged % 2 === 0 ? ([a, b, users[1]] as const) : ([b, a, users[0]] as const);
      const startedMs = systemClock.monotonic();
      const seq = await exchange(from, to, { peer, text: `message ${this.#exchanged}` });
      if (lastSeq > 0 && seq !== lastSeq + 1) this.#errors.push(`seq ${seq} after ${lastSeq}`);
      lastSeq = seq;
      this.#slowestMs = Math.max(this.#slowestMs, systemClock.monotonic() - startedMs);
      this.#exchanged++;
      await sleep(systemClock, pauseMs);
    }
  }
}

/** Sends a message and waits until it is stored and received; answers its seq. */
async function exchange(from: Client, to: Client, { peer, text }: { readonly peer: string; readonly text: string }): Promise<number> {
  let off = (): void => {};
  const received = new Promise<number>((resolve) => {
    off = to.on('message', ({ content, seq }) => {
      if (content.type === 'text' && content.text === text) resolve(seq);
    });
  });
  const both = Promise.all([patiently(() => from.user(peer).send(text).done), received]);
  try {
    const [{ seq }, receivedSeq] = await withTimeout(systemClock, answerWithinMs, both, () => new Error(`"${text}" did not come through`));
    if (seq !== receivedSeq) throw new Error(`"${text}" was stored at ${seq} and received at ${receivedSeq}`);
    return seq;
  } finally {
    off();
  }
}
