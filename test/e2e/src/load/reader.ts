import { type Random, sleep, systemClock } from '@parley/kernel';
import type { Recorder } from '@parley/testkit';
import type { BackEnd } from '../world/back-end.js';
import type { Follower } from './follower.js';
import type { Worker } from './worker.js';

const pauseMs = 25;
const observer = 'the back end';

export interface ReaderOptions {
  readonly backEnd: BackEnd;
  readonly followers: readonly Follower[];
  /** Users by conversation. */
  readonly conversations: ReadonlyMap<string, readonly string[]>;
  readonly recorder: Recorder;
  readonly random: Random;
}

/**
 * Reads for users, and is answered when that is durable: what the application does whose own service shows messages. Then
 * asks how far they have read.
 */
export class Reader implements Worker {
  readonly #options: ReaderOptions;
  #isOver = false;
  #bursts = 0;
  /** Grows with each time that history begins anew: its answers then have nothing to do with earlier ones. */
  #histories = 1;
  #isAsking = true;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** From now on it only reads; the answer lets it ask again. */
  stopAsking(): () => void {
    this.#isAsking = false;
    this.#histories++;
    return () => {
      this.#isAsking = true;
    };
  }

  get bursts(): number {
    return this.#bursts;
  }

  async run(abandoned: AbortSignal): Promise<void> {
    while (!this.#isOver && !abandoned.aborted) {
      await this.#readSomewhere();
      this.#bursts++;
      await sleep(systemClock, pauseMs);
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  async #readSomewhere(): Promise<void> {
    const { backEnd, recorder } = this.#options;
    const place = this.#somewhere();
    if (place === undefined) return;
    const { user, conversation, readSeq } = place;
    const reading = { user, conversation, readSeq, observer };
    recorder.read({ ...reading, how: 'asked' });
    try {
      await backEnd.call('router/act', { conversation, sender: user, act: { cursor: { readSeq } } });
      recorder.read({ ...reading, how: 'acknowledged' });
      if (!this.#isAsking) return;
      const asker = `${observer}, history ${this.#histories}`;
      const { conversation: head } = await backEnd.call('history/getConversationSummary', { user, conversation });
      const answer = Number((head as { readonly readSeq: string }).readSeq);
      if (this.#isAsking) recorder.read({ ...reading, readSeq: answer, how: 'answered', observer: asker });
    } catch {
      // Nobody knows what became of it; the next one comes at once.
    }
  }

  #somewhere(): { readonly user: string; readonly conversation: string; readonly readSeq: number } | undefined {
    const { followers, conversations, random } = this.#options;
    const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random.next() * items.length)];
    const follower = pick(followers);
    if (follower === undefined) return undefined;
    const { user } = follower.actor;
    const own = [...conversations].flatMap(([id, users]) => (users.includes(user) && !id.startsWith('r:') ? [id] : []));
    const conversation = pick(own) ?? '';
    const readSeq = follower.seqIn(conversation);
    return readSeq === 0 ? undefined : { user, conversation, readSeq };
  }
}
