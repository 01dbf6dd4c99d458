import type { MessageAct, MessageView, Recorder, SeenMessage } from '@parley/testkit';
import type { LiveMessages, TimelineEvent } from '@parley/sdk';
import { type Actor, textOf } from '../world/actor.js';
import { Board } from './board.js';

/** A message that something may be done to. */
export interface Target {
  readonly seq: number;
  readonly sender: string;
}

const targetsMax = 30;
const readPageSize = 100;
/** All of it. */
const shownMax = 1_000_000;

/** Writes down what one device is handed, and knows how far it has come in every conversation, and what it shows of them. */
export class Follower {
  readonly actor: Actor;
  readonly #recorder: Recorder;
  readonly #board: Board;
  #shown: readonly LiveMessages[] = [];
  #device: string;
  #lives = 1;
  readonly #seqs = new Map<string, number>();
  readonly #firstSeqs = new Map<string, number>();
  readonly #targets = new Map<string, Target[]>();

  /** Nothing that matters may have happened to the device before. */
  constructor(actor: Actor, recorder: Recorder) {
    this.actor = actor;
    this.#recorder = recorder;
    this.#board = new Board(actor);
    this.#device = actor.device;
    actor.client.on('event', (event) => this.#take(event));
    actor.client.on('historyReset', () => this.#beginAnew());
    actor.client.internals.steps.on('told', ({ source, conversation }) => {
      // Without an id the client itself has made it, before the server knows.
      if (source.body?.type !== 'cursor' || source.messageId === '') return;
      const { user, readSeq } = source.body.value;
      recorder.read({ user, conversation, readSeq, how: 'told', observer: actor.device });
    });
  }

  /** Name of the device in the record; another one each time it was told to start over. */
  get device(): string {
    return this.#device;
  }

  /** How often it was told to start over. */
  get resets(): number {
    return this.#lives - 1;
  }

  /** Last seq that was handed out; 0 before the first. */
  seqIn(conversation: string): number {
    return this.#seqs.get(conversation) ?? 0;
  }

  /** First seq that was handed out since the device began, or began anew. */
  firstSeqIn(conversation: string): number {
    return this.#firstSeqs.get(conversation) ?? 0;
  }

  /** Messages of late that were not removed, as far as the device knows. */
  targetsIn(conversation: string): readonly Target[] {
    return this.#targets.get(conversation) ?? [];
  }

  /** From now on the device has these conversations on its screen, as the SDK keeps them up to date. */
  show(conversations: readonly string[]): void {
    const options = { pageSize: readPageSize, heldMax: shownMax };
    this.#shown = conversations.map((id) => this.actor.client.conversation(id).live(options));
  }

  /** What the device makes of everything that it was handed. */
  viewOf(conversation: string): MessageView {
    const messages = this.#board.messagesIn(conversation);
    return { observer: `${this.actor.device}, folding,`, user: this.actor.user, conversation, messages };
  }

  /** What is on its screen, scrolled to the beginning. */
  async shownViews(): Promise<readonly MessageView[]> {
    const { device, user } = this.actor;
    const views: MessageView[] = [];
    for (const live of this.#shown) {
      await untilLoaded(live);
      while (live.getSnapshot().hasOlder) await live.loadOlder();
      const messages = seenMessagesOf(live.getSnapshot().entries.filter((entry) => entry.type !== 'unsent'));
      views.push({ observer: `${device}, showing,`, user, conversation: live.conversation, messages });
      live.close();
    }
    return views;
  }

  /** What the server answers when the device asks for the whole conversation. */
  async readView(conversation: string): Promise<MessageView> {
    const messages = new Map<number, SeenMessage>();
    const { client, device, user } = this.actor;
    for await (const { events } of client.conversation(conversation).pages({ backwards: false, limit: readPageSize })) {
      for (const [seq, message] of seenMessagesOf(events)) messages.set(seq, message);
    }
    return { observer: `${device}, reading,`, user, conversation, messages };
  }

  #take(event: TimelineEvent): void {
    if (event.seq === 0) return;
    const { conversation, seq } = event;
    this.#seqs.set(conversation, seq);
    if (!this.#firstSeqs.has(conversation)) this.#firstSeqs.set(conversation, seq);
    const act = actOf(event);
    if (act !== undefined) this.#forget(conversation, act);
    if (act === undefined && event.type !== 'message' && event.type !== 'hidden') return;
    if (event.type === 'message') this.#remember(conversation, { seq, sender: event.sender });
    const { user } = this.actor;
    const device = this.#device;
    const sender = 'sender' in event ? event.sender : '';
    const clientMsgId = 'clientMsgId' in event ? event.clientMsgId : '';
    const body = event.type === 'message' ? textOf(event) : '';
    this.#recorder.delivered({ device, user, conversation, seq, sender, clientMsgId, body, ...(act && { act }) });
  }

  /** What was handed out is void: everything comes again. */
  #beginAnew(): void {
    this.#device = `${this.actor.device}~${++this.#lives}`;
    this.#seqs.clear();
    this.#firstSeqs.clear();
    this.#targets.clear();
  }

  #remember(conversation: string, target: Target): void {
    this.#targets.set(conversation, [...this.targetsIn(conversation), target].slice(-targetsMax));
  }

  #forget(conversation: string, { type, target }: MessageAct): void {
    if (type !== 'recall' && type !== 'delete') return;
    this.#targets.set(
      conversation,
      this.targetsIn(conversation).filter(({ seq }) => seq !== target),
    );
  }
}

function untilLoaded(live: LiveMessages): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!live.getSnapshot().isLoading) resolve();
    };
    live.subscribe(look);
    look();
  });
}

/** Messages as they are now, of events that come with what has become of them. */
function seenMessagesOf(events: readonly TimelineEvent[]): ReadonlyMap<number, SeenMessage> {
  const messages = new Map<number, SeenMessage>();
  for (const event of events) {
    if ((event.type !== 'message' && event.type !== 'hidden') || event.seq === 0) continue;
    const { reactions = [], pinned } = event.details ?? {};
    messages.set(event.seq, {
      text: event.type === 'message' ? textOf(event) : '',
      isRemoved: event.type === 'hidden',
      reactions: new Map(reactions.map(({ reaction, count }) => [reaction, count])),
      isPinned: pinned !== undefined,
    });
  }
  return messages;
}

function actOf(event: TimelineEvent): MessageAct | undefined {
  switch (event.type) {
    case 'messageEdited':
      return { type: 'edit', target: event.target, text: event.content?.type === 'text' ? event.content.text : '' };
    case 'messageRecalled':
      return { type: 'recall', target: event.target };
    case 'messageDeleted':
      return { type: 'delete', target: event.targets[0] ?? 0 };
    case 'reactionsChanged':
      return { type: 'react', target: event.target, reaction: event.reaction, isRemoved: event.isRemoved };
    case 'pinsChanged':
      return { type: 'pin', target: event.target, isRemoved: event.isRemoved };
    default:
      return undefined;
  }
}
