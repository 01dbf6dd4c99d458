import { randomId, systemRandom } from '@parley/kernel';
import { type ActInit, encodeContent } from '@parley/wire';
import type { Actor } from '../world/actor.js';
import { DeviceView } from '../world/device-view.js';
import { patiently } from '../world/patiently.js';
import { expectAlike, ServerView } from '../world/server-view.js';
import type { World } from '../world/world.js';

export interface CircleOptions {
  /** Index of the app; 0 by default. */
  readonly app?: number;
}

/** Three people who know each other; ann and bob with two devices each, which all keep what they are told. */
export class Circle {
  readonly ann: readonly [Actor, Actor];
  readonly bob: readonly [Actor, Actor];
  readonly cid: Actor;
  readonly server: ServerView;
  readonly world: World;
  readonly app: number;
  readonly #views: ReadonlyMap<Actor, DeviceView>;

  private constructor(world: World, app: number, views: readonly DeviceView[]) {
    this.world = world;
    this.app = app;
    this.server = new ServerView(world.backEnd(app));
    this.#views = new Map(views.map((view) => [view.actor, view]));
    const [ann, annToo, bob, bobToo, cid] = [...this.#views.keys()];
    this.ann = [ann, annToo] as readonly [Actor, Actor];
    this.bob = [bob, bobToo] as readonly [Actor, Actor];
    this.cid = cid as Actor;
  }

  static async gather(world: World, { app = 0 }: CircleOptions = {}): Promise<Circle> {
    const [ann, bob, cid] = world.ids('ann', 'bob', 'cid');
    // Devices of one user are on different gateways, where there are two.
    const seats = [ann, ann, bob, bob, cid].map((user, gateway) => new DeviceView(world.device(user, { app, gateway })));
    for (const { actor } of seats) await actor.start();
    return new Circle(world, app, seats);
  }

  get everybody(): readonly Actor[] {
    return [...this.#views.keys()];
  }

  viewOf(actor: Actor): DeviceView {
    const view = this.#views.get(actor);
    if (view === undefined) throw new Error('not one of the circle');
    return view;
  }

  /** Of ann's, with the others in it. */
  async group(members: readonly string[] = [this.bob[0].user, this.cid.user]): Promise<{ group: string; conversation: string }> {
    const { group } = await this.ann[0].client.createGroup({ name: 'The circle', members });
    return { group, conversation: `g:${group}` };
  }

  /** Everybody has what the server has for them: messages, what became of them, pins, and the list. */
  async expectSame(conversation: string, seq: number, actors: readonly Actor[] = this.everybody): Promise<void> {
    for (const actor of actors) {
      const view = this.viewOf(actor);
      const { user } = actor;
      await actor.reaches(conversation, seq);
      const what = `${conversation} on a device of ${user}`;
      await expectAlike(
        what,
        () => view.allIn(conversation),
        () => this.server.messagesFor(user, conversation, seq),
      );
      await expectAlike(
        `pins of ${what}`,
        () => view.pinsIn(conversation),
        () => this.server.pinsOf(user, conversation),
      );
      await expectAlike(
        `the list of ${user}`,
        () => view.list,
        () => this.server.listOf(user),
      );
    }
  }

  close(): void {
    for (const { client } of this.everybody) client.close();
  }
}

/** Sends once, without the patience of the outbox: rejects with the refusal, unless that is for the server's load. */
export function sendOnce(
  { client }: Actor,
  conversation: string,
  text: string,
): Promise<{ readonly seq: number; readonly timeMs: number }> {
  const content = encodeContent({ kind: { type: 'text', value: { text } } });
  const value = { conversation, clientMsgId: randomId(systemRandom, 20), content };
  return patiently(() => client.internals.requests.call({ body: { type: 'send', value }, expect: 'stored' }));
}

/** What the SDK does not tell the fate of; again while it is too much at this moment. */
export async function actOnce({ client }: Actor, conversation: string, kind: ActInit['kind']): Promise<void> {
  const value = { conversation, act: { kind } };
  await patiently(
    () => client.internals.requests.call({ body: { type: 'act', value }, expect: 'stored' }),
    ({ retryable }) => retryable,
  );
}
