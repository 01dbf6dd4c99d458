import { expect } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import type { ConversationItem } from '@parley/sdk';
import type { Actor } from './actor.js';
import type { BackEnd } from './back-end.js';
import type { SeenMessage } from './device-view.js';

/** A row of a user's list of conversations. */
interface SeenConversation {
  readonly conversation: string;
  readonly headSeq: number;
  readonly unread: number;
  readonly mentions: readonly number[];
  readonly readSeq: number;
  readonly peerReadSeq: number;
  readonly isMember: boolean;
  readonly isPinned: boolean;
  readonly isMuted: boolean;
  readonly draft: string;
  readonly alias: string;
  readonly marks: readonly number[];
  readonly isMarkedUnread: boolean;
  readonly clearedSeq: number;
  /** Seq of the newest message that the user may see; 0: none. */
  readonly lastSeq: number;
}

/** The list as it is shown: in its order, with what is unread in all. */
export interface SeenList {
  readonly conversations: readonly SeenConversation[];
  readonly totalUnread: number;
}

const pageSize = 100;
const patienceMs = 20_000;
const pauseMs = 20;

/** What the back end reads of a user: that is what the user's devices have to show. */
export class ServerView {
  readonly #backEnd: BackEnd;

  constructor(backEnd: BackEnd) {
    this.#backEnd = backEnd;
  }

  async listOf(user: string): Promise<SeenList> {
    const request = { user, filter: { withHidden: true }, limit: pageSize };
    const answer = (await this.#backEnd.call('history/queryConversations', request)) as unknown as ListJson;
    return { conversations: answer.conversations.map(rowOf), totalUnread: Number(answer.totalUnread) };
  }

  /** Messages that the user may see, in the order of seq; waits (bounded) until history has come to `atLeastSeq`. */
  async messagesFor(viewer: string, conversation: string, atLeastSeq = 0): Promise<readonly SeenMessage[]> {
    const seen: SeenMessage[] = [];
    for (let fromSeq = 1; ; ) {
      const request = { conversation, viewer, fromSeq, limit: pageSize, atLeastSeq };
      const page = (await this.#backEnd.call('history/queryHistory', request)) as unknown as PageJson;
      const states = new Map(page.states.map((state) => [Number(state.seq), state]));
      for (const event of page.events) {
        const message = messageOf(event, states.get(Number(event.seq)));
        if (message !== undefined) seen.push(message);
      }
      if (!page.hasMore) return seen;
      fromSeq = Number(page.events.at(-1)?.seq ?? 0) + 1;
    }
  }

  /** Seqs of the messages that stand out, newest pin first. */
  async pinsOf(viewer: string, conversation: string): Promise<readonly number[]> {
    const { pins } = (await this.#backEnd.call('history/listPins', { conversation, viewer })) as unknown as PinsJson;
    return pins.map(({ seq }) => Number(seq));
  }
}

/** A row as the SDK hands it out, in the same words. */
function seenConversation({ settings, last, ...item }: ConversationItem): SeenConversation {
  const { conversation, headSeq, unread, mentions, readSeq, peerReadSeq, isMember } = item;
  const { draft, alias, marks, isMarkedUnread, clearedSeq, pinnedMs, mutedUntilMs } = settings;
  return {
    ...{ conversation, headSeq, unread, mentions, readSeq, peerReadSeq, isMember, draft, alias, marks, isMarkedUnread, clearedSeq },
    isPinned: pinnedMs > 0,
    isMuted: mutedUntilMs > systemClock.now(),
    lastSeq: last?.seq ?? 0,
  };
}

/** The list of conversations as the SDK keeps it up to date, with hidden ones. */
export function listOn({ client }: Actor): SeenList {
  const { everything, getSnapshot } = client.conversations;
  return { conversations: everything.filter(({ isMember }) => isMember).map(seenConversation), totalUnread: getSnapshot().totalUnread };
}

/** Expects a device to list the user's conversations as the server has them, and to be answered so. */
export async function expectSameList(actor: Actor, server: ServerView): Promise<void> {
  const { client, user, device } = actor;
  const asked = async (): Promise<SeenList> => {
    const { conversations, totalUnread } = await client.queryConversations({ withHidden: true, limit: pageSize });
    return { conversations: conversations.map(seenConversation), totalUnread };
  };
  const what = `the list of ${user} on ${device}`;
  await expectAlike(
    what,
    () => listOn(actor),
    () => server.listOf(user),
  );
  await expectAlike(`${what}, asked for`, asked, () => server.listOf(user));
}

/**
 * Expects both sides to say the same, as soon as history has come so far: it is a little behind what devices are told. Only
 * worth something once the device has seen the last of what happened.
 */
export async function expectAlike<T>(what: string, device: () => T | Promise<T>, server: () => T | Promise<T>): Promise<void> {
  const deadline = systemClock.monotonic() + patienceMs;
  for (;;) {
    try {
      expect(await device()).toEqual(await server());
      return;
    } catch (difference) {
      if (systemClock.monotonic() > deadline) {
        if (difference instanceof Error) difference.message = `${what}:\n${difference.message}`;
        throw difference;
      }
    }
    await sleep(systemClock, pauseMs);
  }
}

interface ListJson {
  readonly conversations: readonly HeadJson[];
  readonly totalUnread: string;
}

interface HeadJson {
  readonly conversation: string;
  readonly headSeq: string;
  readonly unread: string;
  readonly mentions: readonly string[];
  readonly readSeq: string;
  readonly peerReadSeq: string;
  readonly isMember: boolean;
  readonly settings?: {
    readonly pinnedMs: string;
    readonly mutedUntilMs: string;
    readonly draft: string;
    readonly alias: string;
    readonly marks: readonly number[];
    readonly isMarkedUnread: boolean;
    readonly clearedSeq: string;
  } | null;
  readonly lastEvent?: { readonly seq: string } | null;
}

interface EventJson {
  readonly seq: string;
  readonly sender: string;
  readonly content?: Readonly<Record<string, unknown>> | null;
}

interface StateJson {
  readonly seq: string;
  readonly removal: string;
  readonly editSeq: string;
  readonly pinnedMs: string;
  readonly replyCount: number;
  readonly reactions: readonly { readonly reaction: string; readonly count: number; readonly recent: readonly string[] }[];
  readonly ownReactions: readonly string[];
}

interface PageJson {
  readonly events: readonly EventJson[];
  readonly states: readonly StateJson[];
  readonly hasMore: boolean;
}

interface PinsJson {
  readonly pins: readonly { readonly seq: string }[];
}

function rowOf({ settings, lastEvent, ...head }: HeadJson): SeenConversation {
  const { conversation, isMember } = head;
  return {
    ...{ conversation, isMember },
    headSeq: Number(head.headSeq),
    unread: Number(head.unread),
    mentions: head.mentions.map(Number),
    readSeq: Number(head.readSeq),
    peerReadSeq: Number(head.peerReadSeq),
    draft: settings?.draft ?? '',
    alias: settings?.alias ?? '',
    marks: settings?.marks ?? [],
    isMarkedUnread: settings?.isMarkedUnread ?? false,
    clearedSeq: Number(settings?.clearedSeq ?? 0),
    isPinned: Number(settings?.pinnedMs ?? 0) > 0,
    isMuted: Number(settings?.mutedUntilMs ?? 0) > systemClock.now(),
    lastSeq: Number(lastEvent?.seq ?? 0),
  };
}

function messageOf({ seq, sender, content }: EventJson, state: StateJson | undefined): SeenMessage | undefined {
  if (content === undefined || content === null) return undefined;
  return {
    seq: Number(seq),
    sender,
    words: wordsOf(content),
    isEdited: Number(state?.editSeq ?? 0) > 0,
    reactions: (state?.reactions ?? []).map(({ reaction, count, recent }) => `${reaction} ${count} ${recent.join()}`),
    ownReactions: [...(state?.ownReactions ?? [])].sort(),
    replies: state?.replyCount ?? 0,
    isPinned: Number(state?.pinnedMs ?? 0) > 0,
  };
}

function wordsOf(content: Readonly<Record<string, unknown>>): string {
  const { text, custom } = content as { readonly text?: { readonly text: string }; readonly custom?: { readonly summary: string } };
  if (text !== undefined) return text.text;
  if (custom !== undefined) return custom.summary;
  return `<${Object.keys(content).find((name) => name !== 'extension') ?? ''}>`;
}
