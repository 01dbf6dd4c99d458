import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { EdgeConnection, PreparedMessage } from '@parley/edge-listener';
import { systemClock } from '@parley/kernel';
import { silentTelemetry } from '@parley/telemetry';
import { decodeConversationEvent, decodeServerFrames, Priority, type ServerFrame } from '@parley/wire';
import { bodyFieldOf, bodyFields } from '../src/channels/event-body.js';
import { gatewayLimits } from '../src/index.js';
import { createGatewayMetrics } from '../src/metrics.js';
import { chunkOf } from '../src/outbound/chunk.js';
import { Outbound, type OutboundEvent } from '../src/outbound/outbound.js';
import { queueOrder, queues } from '../src/outbound/outbox.js';
import { ClientConnection } from '../src/sessions/client-connection.js';
import { eventBytes, Harness } from './harness.js';

class Message implements PreparedMessage {
  readonly bytes: Uint8Array;

  constructor(payload: Uint8Array | string) {
    this.bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  }

  get byteLength(): number {
    return this.bytes.length;
  }
}

/** A socket whose other end reads only when the test says so. */
class DeafEdge implements EdgeConnection {
  readonly subprotocol = '';
  readonly remoteAddress = '';
  context: unknown = undefined;
  bufferedBytes = 0;
  unread: Uint8Array[] = [];

  send(message: PreparedMessage): void {
    if (!(message instanceof Message)) throw new Error('not prepared here');
    this.unread.push(message.bytes);
    this.bufferedBytes += message.byteLength;
  }

  close(): void {}
  terminate(): void {}

  /** Reads everything that was sent. */
  read(): ServerFrame[] {
    const frames = this.unread.flatMap((bytes) => decodeServerFrames(bytes).frames);
    this.unread = [];
    this.bufferedBytes = 0;
    return frames;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function outboundWith(stuck: ClientConnection[] = []): Outbound {
  return new Outbound({
    encoder: { listener: { prepare: (payload) => new Message(payload) }, jsonCodec: undefined },
    limits: gatewayLimits,
    clock: systemClock,
    metrics: createGatewayMetrics(silentTelemetry.metrics),
    onStuck: (connection) => void stuck.push(connection),
  });
}

const connect = (id: number): { edge: DeafEdge; connection: ClientConnection } => {
  const edge = new DeafEdge();
  return { edge, connection: new ClientConnection(edge, id, false, 0) };
};

/** Reads until nothing more comes. */
async function readAll(outbound: Outbound, edge: DeafEdge, connection: ClientConnection): Promise<ServerFrame[]> {
  const frames: ServerFrame[] = [];
  for (;;) {
    const some = edge.read();
    if (some.length === 0) return frames;
    frames.push(...some);
    outbound.drained(connection);
    await nextTurn();
  }
}

const event = (messageId: string, queue: OutboundEvent['queue'], more: { seq?: number; bytes?: number } = {}): OutboundEvent => {
  const { seq = 0, bytes = 100 } = more;
  const value = eventBytes({ conversation: 'r:hall', messageId, seq, body: { type: 'content', value: new Uint8Array(bytes) } });
  return { chunk: chunkOf({ body: { type: 'event', value } }), queue, conversation: 'r:hall', seq, isTally: false, isBulk: false };
};

const tally = (conversation: string, version: number): OutboundEvent => {
  const value = eventBytes({ conversation, body: { type: 'roomTally', value: { version } } });
  expect(bodyFieldOf(value)).toBe(bodyFields.roomTally);
  return { chunk: chunkOf({ body: { type: 'event', value } }), queue: queues.normal, conversation, seq: 0, isTally: true, isBulk: false };
};

const idsIn = (frames: readonly ServerFrame[]): string[] =>
  frames.flatMap(({ body }) => (body?.type === 'event' ? [decodeConversationEvent(body.value).messageId] : []));

describe('the queues of a socket', () => {
  it('let an urgent event pass 10 000 low and medium ones', async () => {
    const { edge, connection } = connect(1);
    const outbound = outboundWith();
    for (let i = 0; i < 5_000; i++) {
      outbound.sendEvent(connection, event(`low${i}`, queues.low));
      outbound.sendEvent(connection, event(`medium${i}`, queues.normal, { seq: i + 1 }));
    }
    outbound.sendEvent(connection, event('urgent', queues.urgent));
    await nextTurn();
    const ids = idsIn(await readAll(outbound, edge, connection));
    // Whatever lies before it was with the network already.
    const before = ids.indexOf('urgent');
    expect(before).toBeGreaterThanOrEqual(0);
    expect(before * 100).toBeLessThan(gatewayLimits.congestedBytes + gatewayLimits.bundleBytesMax);
  });

  it('take answers one behind the other, as they are read, but not more than may wait', async () => {
    const stuck: ClientConnection[] = [];
    const { edge, connection } = connect(1);
    const outbound = outboundWith(stuck);
    const { normalBytesMax, answersWaitingBytesMax } = gatewayLimits;
    const bytes = normalBytesMax - 100;
    const answer = (id: number) => chunkOf({ id, body: { type: 'historyPage', value: { events: [new Uint8Array(bytes)] } } });
    // One is with the network, two are queued, the others wait, but for the last.
    const count = 4 + Math.floor(answersWaitingBytesMax / normalBytesMax);
    const sent = Array.from({ length: count }, (_, i) => outbound.sendAnswer(connection, answer(i + 1)));
    expect(await sent.at(-1)).toBe(false);
    const frames: ServerFrame[] = [];
    while (frames.length < count - 1) {
      await nextTurn();
      frames.push(...(await readAll(outbound, edge, connection)));
    }
    expect(frames.map(({ id }) => id)).toEqual(Array.from({ length: count - 1 }, (_, i) => i + 1));
    expect(await Promise.all(sent)).toEqual([...Array(count - 1).fill(true), false]);
    expect(stuck).toEqual([]);
  });

  it('let nobody wait for a connection that is gone', async () => {
    const { connection } = connect(1);
    const outbound = outboundWith();
    const answer = chunkOf({ id: 1, body: { type: 'historyPage', value: { events: [new Uint8Array(gatewayLimits.normalBytesMax)] } } });
    const sent = [1, 2, 3].map(() => outbound.sendAnswer(connection, answer));
    connection.state = 'closed';
    outbound.forget(connection);
    expect(await Promise.all(sent)).toEqual([true, true, true]);
  });

  it('let an urgent event pass 10 000 low and medium ones on a real socket', async () => {
    await using harness = await Harness.start();
    const alice = await harness.member('alice');
    for (let i = 0; i < 10_000; i++) {
      const priority = i % 2 === 0 ? Priority.LOW : Priority.MEDIUM;
      harness.router.deliver({ channels: ['user:alice'], priority, event: eventBytes({ messageId: `m${i}` }) });
    }
    harness.router.deliver({ channels: ['user:alice'], priority: Priority.HIGH, event: eventBytes({ messageId: 'urgent' }) });
    await alice.until(() => alice.pushed('event').length > 10_000);
    expect(decodeConversationEvent(alice.pushed('event')[0] ?? new Uint8Array(0)).messageId).toBe('urgent');
  });

  it('let an urgent event pass what a congested connection holds', async () => {
    const { edge, connection } = connect(1);
    const outbound = outboundWith();
    for (let i = 0; i < 300; i++) {
      outbound.sendEvent(connection, event(`medium${i}`, queues.normal, { seq: i + 1, bytes: 2_000 }));
      outbound.sendEvent(connection, event(`low${i}`, queues.low, { bytes: 2_000 }));
    }
    await nextTurn();
    outbound.sendEvent(connection, event('urgent', queues.urgent));
    edge.read();
    outbound.drained(connection);
    await nextTurn();
    expect(idsIn(edge.read())[0]).toBe('urgent');
  });
});

describe('a connection that does not read', () => {
  it('holds the newest tally of each room, however many came', async () => {
    const { edge, connection } = connect(1);
    const outbound = outboundWith();
    outbound.sendEvent(connection, event('filler', queues.normal, { bytes: 200_000 }));
    outbound.sendEvent(connection, event('waits', queues.normal));
    await nextTurn();
    outbound.sendEvent(connection, event('waits too', queues.normal, { bytes: 40_000 }));
    await nextTurn();
    const before = queueOrder.map((queue) => connection.outbox?.bytesIn(queue));
    for (let version = 1; version <= 10_000; version++) {
      outbound.sendEvent(connection, tally('r:hall', version));
      outbound.sendEvent(connection, tally('r:yard', version));
    }
    expect(queueOrder.map((queue) => connection.outbox?.bytesIn(queue))).toEqual(before);
    const frames = await readAll(outbound, edge, connection);
    const tallies = frames.flatMap(({ body }) => {
      const told = body?.type === 'event' ? decodeConversationEvent(body.value) : undefined;
      return told?.body?.type === 'roomTally' ? [[told.conversation, told.body.value.version]] : [];
    });
    expect(tallies).toEqual([
      ['r:hall', 10_000],
      ['r:yard', 10_000],
    ]);
    // A newer tally has replaced the others: nothing was lost.
    expect(frames.filter(({ body }) => body?.type === 'messagesDropped')).toEqual([]);
  });

  it('is told how far to fetch what is stored with low priority', async () => {
    const { edge, connection } = connect(1);
    const outbound = outboundWith();
    for (let i = 0; i < 500; i++) {
      outbound.sendEvent(connection, event(`low${i}`, queues.low, { seq: i + 1, bytes: 1_000 }));
      await nextTurn();
    }
    const frames = await readAll(outbound, edge, connection);
    const ids = idsIn(frames);
    expect(ids).toContain('low499');
    expect(ids.length).toBeLessThan(500);
    const heads = frames.flatMap(({ body }) => (body?.type === 'headMoved' ? [body.value.headSeq] : []));
    // The head of what is missing; what came after it was sent.
    expect(heads).toHaveLength(1);
    expect(ids).toContain(`low${heads[0]}`);
    expect(ids).not.toContain(`low${(heads[0] ?? 0) - 1}`);
  });

  it('accounts for every transient event: sent or told to be lost', async () => {
    const { edge, connection } = connect(1);
    const outbound = outboundWith();
    const burst = 3_000;
    const count = 20_000;
    // More at once than goes into a message, so that part of it is sent.
    for (let i = 0; i < burst; i++) outbound.sendEvent(connection, event(`low${i}`, queues.low));
    await nextTurn();
    for (let i = 0; i < count; i++) {
      if (i >= burst) outbound.sendEvent(connection, event(`low${i}`, queues.low));
      outbound.sendEvent(connection, event(`medium${i}`, queues.normal));
      if (i % 50 === 0) await nextTurn();
      // Reads a little now and then.
      if (i % 5_000 === 4_999) {
        edge.bufferedBytes = 0;
        outbound.drained(connection);
      }
    }
    const frames = await readAll(outbound, edge, connection);
    const ids = idsIn(frames);
    const dropped = (priority: Priority): number =>
      frames.reduce((sum, { body }) => {
        const counts = body?.type === 'messagesDropped' ? body.value.counts : [];
        return sum + counts.filter((each) => each.priority === priority).reduce((total, each) => total + each.count, 0);
      }, 0);
    expect(ids.filter((id) => id.startsWith('low')).length + dropped(Priority.LOW)).toBe(count);
    expect(ids.filter((id) => id.startsWith('medium')).length + dropped(Priority.MEDIUM)).toBe(count);
    expect(dropped(Priority.LOW)).toBeGreaterThan(0);
    expect(ids).toContain(`low${count - 1}`);
  });

  it('costs a bounded amount of memory, several hundreds of them as well', async () => {
    const stuck: ClientConnection[] = [];
    const outbound = outboundWith(stuck);
    const deaf = Array.from({ length: 300 }, (_, i) => connect(i));
    const before = usedBytes();
    // 600 KB to each, all different: 180 MB that nobody reads.
    for (let round = 0; round < 150; round++) {
      const newest = tally('r:hall', round);
      for (const { connection } of deaf) {
        outbound.sendEvent(connection, event(`low${round}`, queues.low, { bytes: 4_000 }));
        outbound.sendEvent(connection, newest);
      }
      // A pass over so many may take several slices.
      do await nextTurn();
      while (deaf.some(({ connection }) => connection.outbox?.nextPass !== undefined));
    }
    const { congestedBytes, bundleBytesMax, lowBytesMax } = gatewayLimits;
    const perConnection = congestedBytes + bundleBytesMax + lowBytesMax;
    for (const { connection, edge } of deaf) {
      const queued = queueOrder.map((queue) => connection.outbox?.bytesIn(queue) ?? 0).reduce((sum, bytes) => sum + bytes);
      expect(queued + edge.bufferedBytes).toBeLessThan(perConnection);
    }
    expect(usedBytes() - before).toBeLessThan(deaf.length * perConnection * 2);
    expect(stuck).toEqual([]);
  }, 60_000);
});

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
