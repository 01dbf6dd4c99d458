import { expectSameList, ServerView } from '../world/server-view.js';
import type { Actor } from '../world/actor.js';
import type { BackEnd } from '../world/back-end.js';
import { between, type World } from '../world/world.js';

/** Says to the shop's programs that the payload is an order. */
export const orderCard = 17;

/** A buyer with two devices, and a shop: one user on the devices of its clerks, for whom the back end speaks as well. */
export class Shop {
  readonly buyer: string;
  readonly seller: string;
  readonly conversation: string;
  readonly server: ServerView;
  readonly #world: World;
  readonly #backEnd: BackEnd;
  phone: Actor;
  readonly tablet: Actor;
  readonly desk: Actor;
  readonly counter: Actor;

  private constructor(world: World, buyer: readonly [Actor, Actor], seller: readonly [Actor, Actor]) {
    this.#world = world;
    this.#backEnd = world.backEnd();
    this.server = new ServerView(this.#backEnd);
    [this.phone, this.tablet] = buyer;
    [this.desk, this.counter] = seller;
    this.buyer = this.phone.user;
    this.seller = this.desk.user;
    this.conversation = between(this.buyer, this.seller);
  }

  static async open(world: World): Promise<Shop> {
    const [ann, shop] = world.ids('ann', 'shop');
    return new Shop(world, await world.joinTwice(ann), await world.joinTwice(shop));
  }

  get everybody(): readonly Actor[] {
    return [this.phone, this.tablet, this.desk, this.counter];
  }

  /** The shop's programs say something in its name. */
  async say(content: object, clientMsgId = ''): Promise<number> {
    const { conversation, seller: sender } = this;
    const { seq } = await this.#backEnd.call('router/sendMessage', { conversation, sender, clientMsgId, content });
    return Number(seq);
  }

  /** A new order, or where one stands by now. */
  async order(state: string, seq?: number): Promise<number> {
    const payload = Buffer.from(JSON.stringify({ order: 1017, state })).toString('base64');
    const content = { custom: { subType: orderCard, payload, summary: `Order 1017: ${state}` } };
    if (seq === undefined) return this.say(content, `order-1017-${this.buyer}`);
    const act = { edit: { seq, content } };
    const { conversation } = this;
    return Number((await this.#backEnd.call('router/act', { conversation, clientMsgId: `${state}-${this.buyer}`, act }))['seq']);
  }

  /** The buyer's phone is switched off, and on again when the action is over: it goes on where it stopped. */
  async whilePhoneIsOff(action: () => Promise<void>): Promise<Actor> {
    const { client, device } = this.phone;
    const { position } = client;
    client.close();
    await action();
    this.phone = await this.#world.join(this.buyer, { device, position });
    return this.phone;
  }

  /** Lists and counts of both sides are what the server has of them. */
  async expectSameLists(): Promise<void> {
    for (const actor of this.everybody) await expectSameList(actor, this.server);
  }

  /** What is unread on a device, and in all of the user's conversations. */
  async unreadOn(actor: Actor): Promise<readonly [number, number]> {
    const { unread } = await actor.client.conversation(this.conversation).item();
    return [unread, (await actor.client.queryConversations()).totalUnread];
  }

  close(): void {
    for (const { client } of this.everybody) client.close();
  }
}
