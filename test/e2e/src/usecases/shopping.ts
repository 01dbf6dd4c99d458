import { afterAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@parley/kernel';
import type { Message, MessageEdited } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { noisyPicture } from '../world/picture.js';
import { expectAlike } from '../world/server-view.js';
import { between, type World } from '../world/world.js';
import { orderCard, Shop } from './shop.js';

/** A buyer and a shop, whose own back end speaks in its name and whose clerks share one user. */
export function describeShopping(world: () => World): void {
  describe('a shop', () => {
    let opening: Promise<Shop> | undefined;
    const opened = (): Promise<Shop> => {
      opening ??= Shop.open(world());
      return opening;
    };
    afterAll(async () => (await opening)?.close());

    it('shows an order card and what becomes of it on every device, also on those that were away', async () => {
      await changeOrder(await opened());
    });
    it('brings a picture and its size to both sides, and to nobody else', async () => {
      await sendPicture(await opened(), world());
    });
    it('knows at the counter what was read at the desk, and lets the buyer see that it was', async () => {
      await readAtDesk(await opened());
    });
    it('tells a buyer who was away that the parcel is on its way', async () => {
      await shipWhileAway(await opened());
    });
  });
}

async function changeOrder(shop: Shop): Promise<void> {
  const { conversation, tablet, desk } = shop;
  const seq = await shop.order('paid');
  for (const device of shop.everybody) {
    const card = await device.sees(conversation, 'Order 1017: paid');
    expect(card).toMatchObject({ seq, sender: shop.seller, content: { type: 'custom', subType: orderCard } });
  }
  await shop.expectSameLists();
  // The tablet hears nothing for a while, as on a train.
  tablet.line.deafen();
  await shop.order('packed', seq);
  for (const device of [shop.phone, desk]) expect(await changeOf(device, seq, 'packed')).toMatchObject({ sender: '', isOwn: false });
  expect(editsOf(tablet, seq)).toEqual([]);
  tablet.line.heal();
  await tablet.reconnect();
  await changeOf(tablet, seq, 'packed');
  const phone = await shop.whilePhoneIsOff(async () => {
    await shop.order('handed over', seq);
  });
  for (const device of shop.everybody) {
    await changeOf(device, seq, 'handed over');
    const [card] = await device.client.conversation(conversation).messages([seq]);
    const content = { type: 'custom', subType: orderCard, summary: 'Order 1017: handed over' };
    expect(card).toMatchObject({ type: 'message', content, details: { edited: { by: '' }, reactions: [] } });
  }
  // The first edit was overtaken before the phone came back, or it came live: it is told once.
  expect(phone.messagesIn(conversation)).toEqual([]);
  await shop.expectSameLists();
  expect(await shop.unreadOn(phone)).toEqual([1, 1]);
  expect(await shop.unreadOn(desk)).toEqual([0, 0]);
}

async function sendPicture(shop: Shop, world: World): Promise<void> {
  const { conversation, phone, tablet, desk, counter } = shop;
  const picture = noisyPicture(200, 120, seededRandom(3));
  const progress: number[] = [];
  const thumbnail = noisyPicture(8, 5, seededRandom(4));
  const sending = phone.client.conversation(conversation).sendFile(picture, {
    ...{ name: 'glass.png', mimeType: 'image/png', thumbnail },
    onProgress: ({ sentBytes, totalBytes }) => {
      expect(totalBytes).toBe(picture.length);
      progress.push(sentBytes);
    },
  });
  const { seq } = await sending.done;
  expect(progress.length).toBeGreaterThan(1);
  expect(progress).toEqual([...progress].sort((a, b) => a - b));
  expect(progress.at(-1)).toBe(picture.length);
  for (const device of [tablet, desk, counter]) {
    const shown = await device.until('the picture', () => device.messagesIn(conversation).find((message) => message.seq === seq));
    expect(shown.content).toMatchObject({ type: 'image', width: 200, height: 120, sizeBytes: picture.length, thumbnail, url: '' });
    expect(await download(await device.client.media.url(shown))).toEqual(picture);
  }
  const id = mediaOf(tablet.messagesIn(conversation).find((message) => message.seq === seq));
  const stranger = await world.join(world.id('eve'));
  for (const place of [conversation, between(stranger.user, shop.seller)]) {
    await expect(stranger.client.media.url(id, place)).rejects.toMatchObject({
      name: expect.stringMatching(/^(CONVERSATION|MEDIA)_NOT_FOUND$/),
    });
  }
  const url = await desk.client.media.url(id, conversation);
  const forged = new URL(url);
  forged.pathname = forged.pathname.replace(id, `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`);
  expect((await fetch(forged)).status).toBeGreaterThanOrEqual(400);
  await shop.expectSameLists();
  stranger.client.close();
}

async function readAtDesk(shop: Shop): Promise<void> {
  const { conversation, phone, tablet, desk, counter } = shop;
  await phone.send(conversation, 'is it fragile?');
  const { seq } = await phone.send(conversation, 'the glass, I mean');
  for (const device of [desk, counter]) await device.sees(conversation, 'the glass, I mean');
  const messages = [desk, counter].map((device) => device.messagesIn(conversation).filter(({ isOwn }) => !isOwn).length);
  // The picture, and two questions.
  expect(messages).toEqual([3, 3]);
  await expectAlike(
    'what is unread at the shop',
    () => shop.unreadOn(counter),
    () => [3, 3] as const,
  );
  await shop.expectSameLists();
  desk.client.conversation(conversation).markRead(seq);
  const isRead = ({ readSeq }: { readonly readSeq: number }): boolean => readSeq === seq;
  await counter.until('the reading at the desk', () =>
    counter.events.find((event) => event.type === 'conversationChanged' && event.what === 'cursor' && isRead(event)),
  );
  for (const device of [phone, tablet]) {
    const told = await device.until('the shop reading', () =>
      device.events.find((event) => event.type === 'receiptChanged' && event.what === 'cursor' && isRead(event)),
    );
    expect(told).toMatchObject({ conversation, user: shop.seller });
  }
  await expectAlike(
    'what is unread at the counter',
    () => shop.unreadOn(counter),
    () => [0, 0] as const,
  );
  for (const device of [phone, tablet]) expect((await device.client.conversation(conversation).item()).peerReadSeq).toBe(seq);
  await shop.expectSameLists();
}

async function shipWhileAway(shop: Shop): Promise<void> {
  const { conversation, tablet } = shop;
  tablet.line.deafen();
  const phone = await shop.whilePhoneIsOff(async () => {
    const parameters = [{ name: 'order', value: '1017' }];
    const notice = { code: 'shipped', text: 'Order 1017 is on its way', parameters };
    await shop.say({ notice }, `shipped-${shop.buyer}`);
    // Programs repeat themselves when they are not sure.
    await shop.say({ notice }, `shipped-${shop.buyer}`);
  });
  tablet.line.heal();
  await tablet.reconnect();
  for (const device of [phone, tablet]) {
    const shipped = await device.until('the notice', () =>
      device.messagesIn(conversation).find(({ content }) => content.type === 'notice'),
    );
    expect(shipped.content).toMatchObject({ code: 'shipped', parameters: [{ name: 'order', value: '1017' }] });
    expect(device.messagesIn(conversation).filter(({ content }) => content.type === 'notice')).toHaveLength(1);
  }
  await expect(phone.client.conversation(conversation).send({ type: 'notice', code: 'paid', text: '' }).done).rejects.toMatchObject({
    name: 'PERMISSION_DENIED',
  });
  await shop.expectSameLists();
  expect(await shop.unreadOn(phone)).toEqual([1, 1]);
}

const editsOf = (device: Actor, target: number): readonly MessageEdited[] =>
  device.events.filter((event): event is MessageEdited => event.type === 'messageEdited' && event.target === target);

/** The event by which the device learned that the order has come so far. */
function changeOf(device: Actor, seq: number, state: string): Promise<MessageEdited> {
  const says = ({ content }: MessageEdited): boolean => content?.type === 'custom' && content.summary === `Order 1017: ${state}`;
  return device.until(`the order ${state}`, () => editsOf(device, seq).find(says));
}

const mediaOf = (message: Message | undefined): string => (message?.content.type === 'image' ? message.content.media : '');

const download = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer());
