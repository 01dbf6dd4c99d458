import { describe, expect, it } from '@jest/globals';
import { createDelivery, type Delivery, type DeliveryInit } from '@parley/contracts/router';
import { type ConversationEventInit, encodeContent, encodeConversationEvent, Priority } from '@parley/wire';
import fc from 'fast-check';
import { WaitingDeliveries } from './waiting-deliveries.js';

const room = 'r:live';
const bullet = encodeContent({ kind: { type: 'bullet', value: { text: 'wow' } } });

const deliveryOf = (body: ConversationEventInit['body'], init: DeliveryInit = {}): Delivery => {
  const event = encodeConversationEvent({ conversation: room, seq: init.seq ?? 0, sender: 'ann', body });
  return createDelivery({ app: 'app', channels: [room], conversation: room, priority: Priority.LOW, event, ...init });
};
const transient = (priority: Priority): Delivery => deliveryOf({ type: 'content', value: bullet }, { priority });
const tally = (version: number, conversation = room): Delivery =>
  deliveryOf({ type: 'roomTally', value: { version } }, { conversation, priority: Priority.MEDIUM });
const notToBeMissed = (): readonly Delivery[] => [
  deliveryOf({ type: 'content', value: bullet }, { seq: 5 }),
  deliveryOf({ type: 'membership', value: { joined: ['ann'] } }, { control: { channel: room, joined: ['ann'] } }),
  createDelivery({ channels: [room], control: { channel: room, left: ['ann'] } }),
  deliveryOf({ type: 'roomChange', value: { stateVersion: 3 } }),
  deliveryOf({ type: 'memberAttributes', value: { user: 'ann' } }),
  deliveryOf({ type: 'messagesDropped', value: { counts: [] } }),
];

/** What a delivery counts for: its event, and what stands around it, with 40 bytes for each name. */
const bytesOf = ({ event, withheld, channels, onlyTo, control }: Delivery): number =>
  event.length + withheld.length + 64 + 40 * [...channels, ...onlyTo, ...(control?.joined ?? []), ...(control?.left ?? [])].length;

/** A stream that has been blocked since 0, and what it dropped. */
function blocked(deliveries: readonly Delivery[] = []): { waiting: WaitingDeliveries; dropped: Delivery[]; shed: (nowMs: number) => void } {
  const waiting = new WaitingDeliveries();
  const dropped: Delivery[] = [];
  waiting.block(0);
  for (const delivery of deliveries) waiting.add(delivery);
  return { waiting, dropped, shed: (nowMs) => waiting.shed(nowMs, (delivery) => dropped.push(delivery)) };
}

describe('what waits for a stream that is blocked', () => {
  it('loses transient LOW that has waited for 20 ms, and MEDIUM once it has been blocked for longer', () => {
    const [low, medium] = [transient(Priority.LOW), transient(Priority.MEDIUM)];
    const { dropped, shed, waiting } = blocked([medium, low]);
    shed(19);
    shed(21);
    expect(dropped).toEqual([]);
    shed(42);
    expect(dropped).toEqual([low]);
    shed(119);
    expect(dropped).toEqual([low]);
    shed(140);
    expect(dropped).toEqual([low, medium]);
    expect(waiting.take()).toEqual([]);
  });

  it('loses who types, without counting it', () => {
    const typing = deliveryOf({ type: 'typing', value: {} }, { isForLookers: true });
    const { dropped, shed, waiting } = blocked([typing]);
    shed(21);
    shed(42);
    expect([dropped, waiting.bytes, waiting.take()]).toEqual([[], 0, []]);
  });

  it('loses the oldest first, and nothing that has just come', () => {
    const [first, second, third] = [transient(Priority.LOW), transient(Priority.LOW), transient(Priority.LOW)];
    const { dropped, shed, waiting } = blocked([first, second]);
    shed(20);
    waiting.add(third);
    shed(40);
    expect(dropped).toEqual([first, second]);
    shed(60);
    expect(dropped).toEqual([first, second, third]);
    expect(waiting.take()).toEqual([]);
  });

  it('never loses what is stored, changes a membership or cannot be had again', () => {
    const kept = notToBeMissed();
    const { dropped, shed, waiting } = blocked(kept);
    for (let nowMs = 20; nowMs < 10_000; nowMs += 20) shed(nowMs);
    expect(dropped).toEqual([]);
    expect(waiting.take()).toEqual(kept);
  });

  it('keeps the newest tally of each room, wherever the older ones stand', () => {
    const { dropped, shed, waiting } = blocked([tally(1), tally(2), tally(1, 'r:other')]);
    shed(20);
    shed(40);
    waiting.add(tally(3));
    shed(60);
    waiting.add(tally(4));
    shed(80);
    shed(160);
    expect(waiting.take()).toEqual([tally(1, 'r:other'), tally(4)]);
    expect(dropped).toEqual([]);
  });

  it('starts anew when it is blocked again', () => {
    const { dropped, shed, waiting } = blocked([tally(9)]);
    for (const nowMs of [20, 40, 200, 220]) shed(nowMs);
    waiting.take();
    waiting.block(1_000);
    const medium = transient(Priority.MEDIUM);
    waiting.add(medium);
    waiting.add(tally(1));
    for (const nowMs of [1_020, 1_040]) shed(nowMs);
    expect(waiting.bytes).toBe(bytesOf(medium) + bytesOf(tally(1)));
    expect(waiting.take()).toEqual([medium, tally(1)]);
    expect(dropped).toEqual([]);
  });

  it('keeps its order and its bytes, and accounts for every delivery', () => {
    const step = fc.oneof(
      fc.constantFrom(Priority.LOW, Priority.MEDIUM).map((priority) => ({ add: () => transient(priority) })),
      fc.nat(5).map((kind) => ({ add: () => notToBeMissed()[kind] })),
      fc.nat(30).map((waitMs) => ({ waitMs })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { dropped, shed, waiting } = blocked();
        const added: Delivery[] = [];
        let nowMs = 0;
        for (const each of steps) {
          if ('waitMs' in each) {
            nowMs += each.waitMs;
            shed(nowMs);
            continue;
          }
          const delivery = each.add();
          if (delivery === undefined) continue;
          added.push(delivery);
          waiting.add(delivery);
        }
        const left = added.filter((delivery) => !dropped.includes(delivery));
        expect(waiting.bytes).toBe(left.reduce((sum, delivery) => sum + bytesOf(delivery), 0));
        expect(waiting.take()).toEqual(left);
        expect(waiting.bytes).toBe(0);
      }),
    );
  });
});
