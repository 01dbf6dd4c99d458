import type { Random } from '@parley/kernel';
import { type MessageContentInit, ParleyClientError, type SendHandle, type SendPriority } from '@parley/sdk';
import type { Recorder } from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import type { Worker } from './worker.js';

const priorities: readonly SendPriority[] = ['low', 'medium', 'high'];
const burstMax = 8;

/** What an application's gift might be: a message of its own kind. */
const gift = (summary: string): MessageContentInit => ({ type: 'custom', subType: 7, summary, payload: Uint8Array.of(1, 2, 3) });

export interface TalkerOptions {
  readonly actor: Actor;
  readonly conversations: readonly string[];
  readonly recorder: Recorder;
  readonly random: Random;
  /** Called after every send and every answer. */
  onProgress(): void;
}

/**
 * Sends bursts into conversations of its user, the next one when the last is answered: acknowledgements set the pace.
 * What it says with priority HIGH in a room are gifts.
 */
export class Talker implements Worker {
  readonly #options: TalkerOptions;
  #isOver = false;
  #count = 0;
  #bursts = 0;

  constructor(options: TalkerOptions) {
    this.#options = options;
  }

  /** Bursts that have been answered completely. */
  get bursts(): number {
    return this.#bursts;
  }

  /** Ends after `stop`, once everything has been answered. */
  async run(): Promise<void> {
    while (!this.#isOver) {
      const burst = Array.from({ length: 1 + this.#pick(burstMax) }, () => this.#send());
      await Promise.all(burst);
      this.#bursts++;
      this.#options.onProgress();
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  #send(): Promise<void> {
    const { actor, conversations, recorder, onProgress } = this.#options;
    const { user: sender, device } = actor;
    const conversation = conversations[this.#pick(conversations.length)] ?? '';
    const priority = priorities[this.#pick(priorities.length)] ?? 'medium';
    const clientMsgId = `${device}-${++this.#count}`;
    const body = `${clientMsgId} ${'.'.repeat(this.#pick(200))}`;
    const entry = recorder.send({ sender, device, conversation, clientMsgId, body, priority });
    const isGift = priority === 'high' && conversation.startsWith('r:');
    const handle = actor.client.conversation(conversation).send(isGift ? gift(body) : body, { priority, clientMsgId });
    onProgress();
    noteRefusals(actor, handle, entry);
    return this.#answer(handle, entry).finally(onProgress);
  }

  async #answer({ done }: SendHandle, entry: ReturnType<Recorder['send']>): Promise<void> {
    try {
      entry.ok((await done).seq);
    } catch (error) {
      // Only a refusal for good says that it will never appear.
      if (error instanceof ParleyClientError && !error.retryable) entry.refused(error.name);
    }
  }

  #pick(count: number): number {
    return Math.floor(this.#options.random.next() * count);
  }
}

/** Back in the queue on a connection that lives: the server has refused it for now, and others may have overtaken it. */
function noteRefusals({ client }: Actor, handle: SendHandle, entry: ReturnType<Recorder['send']>): void {
  handle.onChange(({ state }) => {
    if (state !== 'queued') return;
    // A connection that is lost is so by then.
    setImmediate(() => {
      if (client.status.state === 'online') entry.postponed();
    });
  });
}
