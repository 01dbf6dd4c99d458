import type { Random } from '@parley/kernel';
import type { MessageContentInit, SendPriority } from '@parley/sdk';
import type { Recorder } from '@parley/testkit';
import { noteAnswer } from './answers.js';
import { doDeed, priorityOf, someDeed } from './deeds.js';
import type { Follower } from './follower.js';
import type { Worker } from './worker.js';

const priorities: readonly SendPriority[] = ['low', 'medium', 'high'];
const burstMax = 8;
/** Of all that is done; the rest are messages. The server takes fewer acts than messages of a client. */
const shareOfDeeds = 0.15;
const shareOfReadings = 0.3;

/** What an application's gift might be: a message of its own kind. */
const gift = (summary: string): MessageContentInit => ({ type: 'custom', subType: 7, summary, payload: Uint8Array.of(1, 2, 3) });

export interface TalkerOptions {
  readonly follower: Follower;
  readonly conversations: readonly string[];
  /** Groups that are the user's own. */
  readonly ownGroups: readonly string[];
  readonly recorder: Recorder;
  readonly random: Random;
  /** Called after every send and every answer. */
  onProgress(): void;
}

/**
 * Sends bursts into conversations of its user, and does things to what was said there, the next ones when the last are
 * answered: acknowledgements set the pace. Reads what it was handed. What it says with priority HIGH in a room are gifts.
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
      const burst = Array.from({ length: 1 + this.#pick(burstMax) }, () => this.#step());
      if (this.#options.random.next() < shareOfReadings) this.#read();
      await Promise.all(burst);
      this.#bursts++;
      this.#options.onProgress();
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  #step(): Promise<void> {
    const { random } = this.#options;
    const conversation = this.#somewhere();
    const deed = random.next() < shareOfDeeds ? this.#act(conversation) : undefined;
    return deed ?? this.#send(conversation);
  }

  #send(conversation: string): Promise<void> {
    const { recorder, follower, onProgress } = this.#options;
    const { user: sender, device, client } = follower.actor;
    const priority = priorities[this.#pick(priorities.length)] ?? 'medium';
    const clientMsgId = `${device}-${++this.#count}`;
    const body = `${clientMsgId} ${'.'.repeat(this.#pick(200))}`;
    const entry = recorder.send({ sender, device, conversation, clientMsgId, body, priority });
    const isGift = priority === 'high' && conversation.startsWith('r:');
    const handle = client.conversation(conversation).send(isGift ? gift(body) : body, { priority, clientMsgId });
    onProgress();
    return noteAnswer(follower.actor, handle, entry).finally(onProgress);
  }

  /** Undefined where there is nothing to do something to: gifts, among others, are no texts. */
  #act(conversation: string): Promise<void> | undefined {
    const { recorder, follower, random, ownGroups, onProgress } = this.#options;
    const { user, device, client } = follower.actor;
    if (conversation.startsWith('r:')) return undefined;
    const isModerator = ownGroups.includes(conversation);
    const doer = { user, isModerator, conversation, text: `${device}-${++this.#count} edited` };
    const act = someDeed(random, follower.targetsIn(conversation), doer);
    if (act === undefined) return undefined;
    const handle = doDeed(client.conversation(conversation), act);
    const { clientMsgId } = handle;
    const entry = recorder.send({ sender: user, device, conversation, clientMsgId, body: '', act, priority: priorityOf(act) });
    onProgress();
    return noteAnswer(follower.actor, handle, entry).finally(onProgress);
  }

  #read(): void {
    const { recorder, follower } = this.#options;
    const { user, device, client } = follower.actor;
    const conversation = this.#somewhere();
    const seen = follower.seqIn(conversation);
    if (seen === 0 || conversation.startsWith('r:')) return;
    const readSeq = Math.max(1, seen - this.#pick(5));
    recorder.read({ user, conversation, readSeq, how: 'asked', observer: device });
    client.conversation(conversation).markRead(readSeq);
  }

  #somewhere(): string {
    const { conversations } = this.#options;
    return conversations[this.#pick(conversations.length)] ?? '';
  }

  #pick(count: number): number {
    return Math.floor(this.#options.random.next() * count);
  }
}
