import { describe, expect, it } from '@jest/globals';
import { createDelivery, encodeLinkResponse, type LinkRequest, type LinkResponseInit } from '@parley/contracts/router';
import { rpcLimits } from '@parley/rpc';
import { Priority } from '@parley/wire';
import { SkippingClock } from '../testing/skipping-clock.js';
import { LinkBuffer, type LinkStream } from './link-buffer.js';

/** A stream that takes no message that a call could not carry, and is slow to be read at first. */
class CarefulStream implements LinkStream {
  readonly sent: LinkResponseInit[] = [];
  readonly signal = new AbortController().signal;
  #isBlocked = false;
  #resume: (() => void)[] = [];

  get incoming(): AsyncIterable<LinkRequest> {
    throw new Error('nobody reads here');
  }

  send(message: LinkResponseInit): boolean {
    const { length } = encodeLinkResponse(message);
    if (length > rpcLimits.messageBytesMax) throw new Error(`a message of ${length} bytes`);
    this.sent.push(message);
    return !this.#isBlocked;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#resume.push(resolve));
  }

  end(): void {}

  block(): void {
    this.#isBlocked = true;
  }

  async read(): Promise<void> {
    this.#isBlocked = false;
    for (const resume of this.#resume.splice(0)) resume();
    await new Promise(setImmediate);
  }
}

const message = (seq: number, bytes = 32 * 1024) =>
  createDelivery({ app: 'app', channels: ['g:team'], conversation: 'g:team', priority: Priority.HIGH, seq, event: new Uint8Array(bytes) });

function open(): { readonly stream: CarefulStream; readonly buffer: LinkBuffer } {
  const stream = new CarefulStream();
  return { stream, buffer: new LinkBuffer({ stream, clock: new SkippingClock() }) };
}

const seqsIn = ({ sent }: CarefulStream) => sent.flatMap(({ deliveries = [] }) => deliveries.map(({ seq }) => seq));

describe('what has gathered for a process that did not read', () => {
  it('leaves in order, in messages that can be carried', async () => {
    const { stream, buffer } = open();
    stream.block();
    buffer.addDelivery(message(0));
    buffer.flush();
    const seqs = Array.from({ length: 300 }, (_, i) => i + 1);
    for (const seq of seqs) buffer.addDelivery(message(seq));
    for (const request of seqs) buffer.addOutcome({ connection: 1, request });
    buffer.flush();
    expect(seqsIn(stream)).toEqual([0]);
    await stream.read();
    expect(seqsIn(stream)).toEqual([0, ...seqs]);
    expect(stream.sent.flatMap(({ outcomes = [] }) => outcomes.map(({ request }) => request))).toEqual(seqs);
    expect(buffer.bytes).toBe(0);
  });

  it('waits again when the process stops reading in between', async () => {
    const { stream, buffer } = open();
    for (let seq = 1; seq <= 100; seq++) buffer.addDelivery(message(seq));
    stream.block();
    buffer.flush();
    const sent = seqsIn(stream).length;
    expect([sent > 0, sent < 100, buffer.isBlocked]).toEqual([true, true, true]);
    await stream.read();
    expect(seqsIn(stream)).toHaveLength(100);
    expect(buffer.isBlocked).toBe(false);
  });

  it('may be answers to as many subscriptions as a gateway has', () => {
    const { stream, buffer } = open();
    const channel = `user:${'u'.repeat(32)}`;
    for (let i = 0; i < 100_000; i++) buffer.addSubscribed({ app: 'app', channel, headSeq: 0, isOwner: true });
    buffer.flush();
    expect(stream.sent.flatMap(({ subscribed = [] }) => subscribed)).toHaveLength(100_000);
  });
});
