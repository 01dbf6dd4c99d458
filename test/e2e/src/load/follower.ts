import type { Recorder } from '@parley/testkit';
import { type Actor, textOf } from '../world/actor.js';

/** Writes down what one device is handed, and knows how far it has come in every conversation. */
export class Follower {
  readonly actor: Actor;
  readonly #seqs = new Map<string, number>();

  constructor(actor: Actor, recorder: Recorder) {
    this.actor = actor;
    const { user, device, client } = actor;
    client.on('event', (event) => {
      if (event.seq === 0) return;
      this.#seqs.set(event.conversation, event.seq);
      if (event.type !== 'message') return;
      const { conversation, seq, sender, clientMsgId } = event;
      recorder.delivered({ device, user, conversation, seq, sender, clientMsgId, body: textOf(event) });
    });
  }

  /** Last seq that was handed out; 0 before the first. */
  seqIn(conversation: string): number {
    return this.#seqs.get(conversation) ?? 0;
  }
}
