import type { Random } from '@parley/kernel';
import type { Conversation, SendHandle } from '@parley/sdk';
import type { BackEnd } from '../world/back-end.js';
import type { DeviceView, SeenMessage } from '../world/device-view.js';

/** A user with the devices that are switched on. */
export interface Person {
  readonly user: string;
  readonly devices: readonly DeviceView[];
}

export interface TrafficOptions {
  readonly random: Random;
  readonly backEnd: BackEnd;
  readonly people: readonly Person[];
  /** Between two of the people. */
  readonly pairs: readonly string[];
  /** Groups that come and go; the first of the people is their owner and stays. */
  readonly groups: readonly string[];
}

/** Who acts on what: one device, in one conversation. */
interface Turn {
  readonly view: DeviceView;
  readonly user: string;
  readonly conversation: Conversation;
  /** A message that the device shows, if it shows any; `own`: one of the user's. */
  readonly seen: SeenMessage | undefined;
  readonly own: SeenMessage | undefined;
}

type Deed = (turn: Turn) => Promise<unknown> | undefined;

/** What devices may be told when others were faster, when they are not in the group now, or when they or all ask too often. */
const expectedRefusals: ReadonlySet<string> = new Set([
  'MESSAGE_NOT_FOUND',
  'CONVERSATION_NOT_FOUND',
  'GROUP_NOT_FOUND',
  'PERMISSION_DENIED',
  'LIMIT_REACHED',
  'RATE_LIMITED',
  'OVERLOADED',
]);

/** Random deeds of several users and devices: everything that changes what somebody sees. */
export class Traffic {
  readonly #options: TrafficOptions;
  readonly #deeds: readonly Deed[];
  /** What was done, and what was refused, by name. */
  readonly counts = new Map<string, number>();
  #said = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#deeds = Object.entries(this.#allDeeds()).flatMap(([name, { share, deed }]) =>
      Array.from({ length: share }, () => (turn: Turn) => this.#counted(name, deed(turn))),
    );
  }

  /** So many deeds, of all who are there at once; each device does one after the other. */
  async round(deeds: number, isAway: (view: DeviceView) => boolean): Promise<void> {
    const turns = new Map<DeviceView, number>();
    for (let n = 0; n < deeds; n++) {
      const there = this.#options.people.flatMap(({ devices }) => devices.filter((view) => !isAway(view)));
      const view = this.#pick(there);
      if (view !== undefined) turns.set(view, (turns.get(view) ?? 0) + 1);
    }
    await Promise.all([...turns].map(([view, count]) => this.#act(view, count)));
  }

  async #act(view: DeviceView, count: number): Promise<void> {
    const { pairs, groups } = this.#options;
    const { user, client } = view.actor;
    const own = [...pairs.filter((id) => id.slice(2).split('|').includes(user)), ...groups];
    for (let n = 0; n < count; n++) {
      const id = this.#pick(own) ?? '';
      const messages = view.messagesIn(id);
      const mine = messages.filter(({ sender }) => sender === user);
      const turn: Turn = { view, user, conversation: client.conversation(id), seen: this.#pick(messages), own: this.#pick(mine) };
      await this.#pick(this.#deeds)?.(turn);
    }
  }

  async #counted(name: string, deed: Promise<unknown> | undefined): Promise<void> {
    if (deed === undefined) return;
    try {
      await deed;
      this.#count(name);
    } catch (error) {
      const { name: refusal } = error as Error;
      if (!expectedRefusals.has(refusal)) throw new Error(`${name}: ${String(error)}`, { cause: error });
      this.#count(`${name}: ${refusal}`);
    }
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #allDeeds(): Readonly<Record<string, { readonly share: number; readonly deed: Deed }>> {
    return { ...this.#deedsOnMessages(), ...this.#deedsForOneself(), ...this.#deedsOnGroups() };
  }

  #deedsOnMessages() {
    const on = (seen: SeenMessage | undefined, deed: (seq: number) => SendHandle) => (seen === undefined ? undefined : deed(seen.seq).done);
    const deeds: Record<string, { share: number; deed: Deed }> = {
      send: { share: 10, deed: ({ conversation }) => conversation.send(this.#words()).done },
      mention: { share: 3, deed: ({ conversation }) => conversation.send(this.#words(), { mentions: this.#mentions() }).done },
      silent: { share: 1, deed: ({ conversation }) => conversation.send(this.#words(), { noUnread: true }).done },
      reply: { share: 2, deed: ({ conversation, seen }) => seen && this.#reply(conversation, seen.seq) },
      edit: { share: 4, deed: ({ conversation, own }) => on(own, (seq) => conversation.edit(seq, this.#words())) },
      remention: {
        share: 1,
        deed: ({ conversation, own }) => on(own, (seq) => conversation.edit(seq, this.#words(), { mentions: this.#mentions() })),
      },
      recall: { share: 2, deed: ({ conversation, own }) => on(own, (seq) => conversation.recall(seq)) },
      delete: { share: 1, deed: ({ conversation, seen }) => on(seen, (seq) => conversation.delete(seq)) },
      react: { share: 5, deed: ({ conversation, seen }) => on(seen, (seq) => conversation.react(seq, this.#reaction())) },
      unreact: {
        share: 3,
        deed: ({ conversation, seen }) => on(seen, (seq) => conversation.unreact(seq, seen?.ownReactions[0] ?? this.#reaction())),
      },
      pin: { share: 3, deed: ({ conversation, seen }) => on(seen, (seq) => conversation.pin(seq)) },
      unpin: { share: 1, deed: ({ conversation, seen }) => on(seen, (seq) => conversation.unpin(seq)) },
    };
    return deeds;
  }

  /** Whoever shows a message knows the thread that it is in, and says so. */
  async #reply(conversation: Conversation, seq: number): Promise<void> {
    const [message] = await conversation.messages([seq]);
    if (message?.type === 'message') await conversation.reply(message, this.#words()).done;
  }

  #deedsForOneself() {
    const settled = (change: (settings: Conversation['settings']) => SendHandle): Deed => {
      return ({ conversation }) => change(conversation.settings).done;
    };
    const deeds: Record<string, { share: number; deed: Deed }> = {
      read: {
        share: 4,
        deed: async ({ conversation, seen }) => {
          if (seen !== undefined) conversation.markRead(seen.seq);
        },
      },
      readAll: { share: 1, deed: ({ view }) => view.actor.client.readAll() },
      hide: { share: 1, deed: ({ conversation, seen }) => (seen === undefined ? undefined : conversation.hide(seen.seq).done) },
      clear: { share: 1, deed: this.#rarely(({ conversation, seen }) => seen && conversation.settings.clear(seen.seq).done) },
      draft: { share: 1, deed: settled((settings) => settings.draft(this.#words())) },
      pinned: { share: 1, deed: settled((settings) => settings.pin(this.#flip())) },
      muted: { share: 1, deed: settled((settings) => (this.#flip() ? settings.mute() : settings.unmute())) },
      marked: { share: 1, deed: settled((settings) => settings.mark([1 + this.#below(30), 30])) },
      unread: { share: 1, deed: settled((settings) => settings.markUnread(this.#flip())) },
      named: { share: 1, deed: settled((settings) => settings.alias(this.#words())) },
      away: { share: 1, deed: settled((settings) => settings.hide(this.#flip())) },
    };
    return deeds;
  }

  #deedsOnGroups() {
    const { groups, people, backEnd } = this.#options;
    const [owner, ...others] = people;
    const isGroup = ({ conversation }: Turn): boolean => groups.includes(conversation.id);
    const inGroup = (deed: Deed): Deed => {
      return (turn) => (isGroup(turn) && turn.user !== owner?.user ? deed(turn) : undefined);
    };
    const group = ({ conversation }: Turn): string => conversation.id.slice(2);
    const someone = (): string => this.#pick(others)?.user ?? '';
    const deeds: Record<string, { share: number; deed: Deed }> = {
      join: { share: 3, deed: inGroup((turn) => turn.view.actor.client.joinGroup(group(turn))) },
      leave: { share: 1, deed: inGroup((turn) => turn.view.actor.client.leaveGroup(group(turn))) },
      kick: { share: 1, deed: (turn) => (isGroup(turn) ? backEnd.kick(group(turn), someone()) : undefined) },
      tellSome: {
        share: 2,
        deed: (turn) => {
          const request = {
            conversation: turn.conversation.id,
            content: { text: { text: this.#words() } },
            options: { onlyTo: [someone()] },
          };
          return isGroup(turn) ? backEnd.call('router/sendMessage', request) : undefined;
        },
      },
      rename: {
        share: 1,
        deed: (turn) => (isGroup(turn) ? turn.view.actor.client.group(group(turn)).update({ name: this.#words() }) : undefined),
      },
    };
    return deeds;
  }

  /** Once in four times: what there is of a conversation should not go too often. */
  #rarely(deed: Deed): Deed {
    return (turn) => (this.#below(4) === 0 ? deed(turn) : undefined);
  }

  #mentions(): { readonly users?: readonly string[]; readonly isEveryone?: boolean; readonly isSilent: boolean } {
    const isSilent = this.#below(4) === 0;
    const { people } = this.#options;
    return this.#below(4) === 0 ? { isEveryone: true, isSilent } : { users: [this.#pick(people)?.user ?? ''], isSilent };
  }

  #words(): string {
    return `words ${++this.#said}`;
  }

  #reaction(): string {
    return this.#pick(['+1', '-1', 'heart']) ?? '';
  }

  #flip(): boolean {
    return this.#below(2) === 0;
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#below(items.length)];
  }

  #below(bound: number): number {
    return Math.floor(this.#options.random.next() * bound);
  }
}
