import { type Random, sleep, systemClock } from '@parley/kernel';
import { ParleyClientError } from '@parley/sdk';
import type { ObservedPassage, Recorder } from '@parley/testkit';
import type { BackEnd } from '../world/back-end.js';
import { noteAnswer } from './answers.js';
import type { Follower } from './follower.js';
import type { Worker } from './worker.js';

const pauseMs = 50;
const messagesMax = 4;

export interface PasserByOptions {
  readonly follower: Follower;
  readonly backEnd: BackEnd;
  /** An open group. */
  readonly group: string;
  readonly recorder: Recorder;
  readonly random: Random;
  /** Called after every answer. */
  onProgress(): void;
}

/** Comes into a group, says something, and goes, or is sent away; again and again. In the end it is in the group. */
export class PasserBy implements Worker {
  readonly #options: PasserByOptions;
  #isOver = false;
  #bursts = 0;
  #count = 0;

  constructor(options: PasserByOptions) {
    this.#options = options;
  }

  /** Stays that have ended. */
  get bursts(): number {
    return this.#bursts;
  }

  async run(abandoned: AbortSignal): Promise<void> {
    const { random } = this.#options;
    while (!abandoned.aborted) {
      await this.#pass('in', abandoned);
      if (this.#isOver) return;
      await Promise.all(Array.from({ length: 1 + Math.floor(random.next() * messagesMax) }, () => this.#say()));
      await this.#pass('out', abandoned);
      this.#bursts++;
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  get #conversation(): string {
    return `g:${this.#options.group}`;
  }

  /** Coming and going twice are no errors, so that both may be repeated until they are answered. */
  async #pass(type: ObservedPassage['type'], abandoned: AbortSignal): Promise<void> {
    const { recorder, follower, onProgress } = this.#options;
    const { user } = follower.actor;
    while (!abandoned.aborted) {
      const entry = recorder.passage({ user, conversation: this.#conversation, type });
      try {
        await (type === 'in' ? follower.actor.client.joinGroup(this.#options.group) : this.#leave());
        entry.ok();
        onProgress();
        return;
      } catch (thrown) {
        if (thrown instanceof ParleyClientError && !thrown.retryable) throw thrown;
        await sleep(systemClock, pauseMs);
      }
    }
  }

  async #leave(): Promise<void> {
    const { random, follower, backEnd, group } = this.#options;
    const { user, client } = follower.actor;
    if (random.next() < 0.5) {
      await backEnd.call('group/changeGroup', { group, operation: { kick: { users: [user] } } });
      return;
    }
    try {
      await client.leaveGroup(group);
    } catch (error) {
      // Whoever has no answer to the first try may be out already, and then there is no group for them.
      if (!(error instanceof ParleyClientError) || error.name !== 'GROUP_NOT_FOUND') throw error;
    }
  }

  #say(): Promise<void> {
    const { recorder, follower, onProgress } = this.#options;
    const { user: sender, device, client } = follower.actor;
    const clientMsgId = `${device}-${++this.#count}`;
    const conversation = this.#conversation;
    const entry = recorder.send({ sender, device, conversation, clientMsgId, body: clientMsgId, priority: 'medium' });
    return noteAnswer(follower.actor, client.conversation(conversation).send(clientMsgId, { clientMsgId }), entry).finally(onProgress);
  }
}
