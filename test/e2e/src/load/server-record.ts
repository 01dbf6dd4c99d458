import type { MessageAct, MessageView, ReadingAtRest, SeenMessage, StoredEvent } from '@parley/testkit';
import type { BackEnd } from '../world/back-end.js';

/** A conversation as the back end reads it. */
export interface ServerRecord {
  readonly events: readonly StoredEvent[];
  /** What the server says its messages have become. */
  readonly view: MessageView;
}

const pageSize = 100;
const userPageSize = 1_000;

/** Reads everything of a conversation; waits (bounded) until history has come to `atLeastSeq`. */
export async function readServerRecord(backEnd: BackEnd, conversation: string, atLeastSeq: number): Promise<ServerRecord> {
  const events: StoredEvent[] = [];
  const messages = new Map<number, SeenMessage>();
  for (let fromSeq = 1; ; ) {
    const request = { conversation, fromSeq, limit: pageSize, atLeastSeq };
    const page = (await backEnd.call('history/queryHistory', request)) as unknown as PageJson;
    const states = new Map(page.states.map((state) => [Number(state.seq), state]));
    for (const json of page.events) {
      const event = storedEventOf(json);
      events.push(event);
      if (event.act === undefined && event.isNotice !== true) messages.set(event.seq, seenMessageOf(event, states.get(event.seq)));
    }
    if (!page.hasMore) return { events, view: { observer: 'the server', user: '', conversation, messages } };
    fromSeq = (events.at(-1)?.seq ?? 0) + 1;
  }
}

/** How the user's conversations stand, up to everything that is in the log. */
export async function readingsAtRest(backEnd: BackEnd, user: string): Promise<readonly ReadingAtRest[]> {
  const request = { user, limit: userPageSize, isCurrent: true };
  const { conversations } = (await backEnd.call('history/listConversations', request)) as unknown as ListJson;
  return conversations
    .filter(({ conversation }) => !conversation.startsWith('r:'))
    .map(({ conversation, readSeq, unread }) => ({ user, conversation, readSeq: Number(readSeq), unread: Number(unread) }));
}

/** Who is in a group, as its service lists them. */
export async function membersOf(backEnd: BackEnd, conversation: string): Promise<readonly string[]> {
  const request = { group: conversation.slice(2), limit: pageSize };
  return (await backEnd.call('group/listMembers', request))['users'] as readonly string[];
}

interface ListJson {
  readonly conversations: readonly { readonly conversation: string; readonly readSeq: string; readonly unread: string }[];
}

interface PageJson {
  readonly events: readonly EventJson[];
  readonly states: readonly StateJson[];
  readonly hasMore: boolean;
}

interface ContentJson {
  readonly text?: { readonly text: string };
  readonly custom?: { readonly summary: string };
}

interface EventJson {
  readonly seq: string;
  readonly sender: string;
  readonly clientMsgId: string;
  readonly content?: ContentJson;
  readonly membership?: { readonly joined: readonly string[]; readonly left: readonly string[] };
  readonly edited?: { readonly seq: string; readonly content?: ContentJson | null };
  readonly recalled?: { readonly seq: string };
  readonly deleted?: { readonly seqs: readonly string[] };
  readonly reaction?: { readonly seq: string; readonly reaction: string; readonly isRemoved: boolean };
  readonly pin?: { readonly seq: string; readonly isRemoved: boolean };
  readonly groupChange?: object;
  readonly rules?: object;
}

interface StateJson {
  readonly seq: string;
  readonly removal: string;
  readonly pinnedMs: string;
  readonly reactions: readonly { readonly reaction: string; readonly count: number }[];
}

function storedEventOf(json: EventJson): StoredEvent {
  const { sender, clientMsgId, membership, groupChange, rules } = json;
  const event = { seq: Number(json.seq), sender, clientMsgId, body: textIn(json.content) };
  const act = actOf(json);
  if (act !== undefined) return { ...event, act };
  if (membership !== undefined) return { ...event, isNotice: true, members: { joined: membership.joined, left: membership.left } };
  return groupChange === undefined && rules === undefined ? event : { ...event, isNotice: true };
}

function actOf({ edited, recalled, deleted, reaction, pin }: EventJson): MessageAct | undefined {
  if (edited !== undefined) return { type: 'edit', target: Number(edited.seq), text: textIn(edited.content ?? undefined) };
  if (recalled !== undefined) return { type: 'recall', target: Number(recalled.seq) };
  // This load deletes messages one by one.
  if (deleted !== undefined) return { type: 'delete', target: Number(deleted.seqs[0]) };
  if (reaction !== undefined) return { type: 'react', ...reaction, target: Number(reaction.seq) };
  return pin === undefined ? undefined : { type: 'pin', ...pin, target: Number(pin.seq) };
}

const textIn = (content: ContentJson | undefined): string => content?.text?.text ?? content?.custom?.summary ?? '';

function seenMessageOf({ body }: StoredEvent, state: StateJson | undefined): SeenMessage {
  return {
    text: body,
    isRemoved: state !== undefined && state.removal !== 'REMOVAL_UNSPECIFIED',
    reactions: new Map((state?.reactions ?? []).map(({ reaction, count }) => [reaction, count])),
    isPinned: Number(state?.pinnedMs ?? 0) > 0,
  };
}
