import { decodeTimelineBatch, type TimelineEntry } from '@parley/contracts/events';
import {
  createGetConversationResponse,
  createGetTargetResponse,
  createQueryHistoryResponse,
  type GetTargetRequestInit,
} from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { contentKindOf } from '@parley/domain';
import type { EventLog } from '@parley/eventlog';
import { foldErasure, foldMessage, foldPins, threadOf } from '@parley/fold';
import { limits, ParleyError } from '@parley/kernel';
import { followOwned, type OwnedPosition, startOfLog } from '@parley/ownedlog';
import { type ConversationEvent, decodeConversationEvent, type MessageState, type Pin, Removal } from '@parley/wire';
import type { HistoryReader } from '../ports.js';

interface Projected {
  readonly entry: TimelineEntry;
  readonly event: ConversationEvent;
}

/** History of one partition, computed anew for every answer: as far as the log goes, or as it stood when it was held. */
export class ProjectingHistory implements HistoryReader {
  /** How many questions about messages have come. */
  asked = 0;
  /** Every question about messages fails. */
  isSilent = false;
  #log: EventLog | undefined;
  #held: OwnedPosition | undefined;

  /** To be called before the first router starts. */
  attach(log: EventLog): void {
    this.#log = log;
  }

  /** Projects no further until it is released. */
  async hold(): Promise<void> {
    this.#held = (await this.#project()).position;
  }

  release(): void {
    this.#held = undefined;
  }

  readonly getCheckpoint: HistoryReader['getCheckpoint'] = async () => (await this.#project()).position;

  readonly getConversation: HistoryReader['getConversation'] = async ({ app = '', conversation = '', atLeastOffset = 0 }) => {
    const { entries } = await this.#waitFor(({ position }) => position.offset >= atLeastOffset);
    const own = entries.filter(({ entry, event }) => entry.app === app && event.conversation === conversation);
    const members = new Set<string>();
    let membershipVersion = 0;
    let closed = false;
    for (const { event } of own) {
      const { body } = event;
      if (body?.type === 'groupChange') membershipVersion = body.value.version;
      if (body?.type !== 'membership') continue;
      membershipVersion = body.value.version;
      for (const user of body.value.joined) members.add(user);
      for (const user of body.value.left) members.delete(user);
      closed = body.value.closed;
    }
    const last = <Key extends 'speaking' | 'relation' | 'profile' | 'rules'>(key: Key): TimelineEntry[Key] | undefined =>
      own.findLast(({ entry }) => entry[key] !== undefined)?.entry[key];
    const kept = { speaking: last('speaking'), relation: last('relation'), profile: last('profile'), rules: last('rules') };
    const countable = Math.max(0, ...own.map(({ entry }) => entry.countable));
    return createGetConversationResponse({
      ...{ exists: own.length > 0, headSeq: headOf(own), countable, membershipVersion, closed, members: [...members] },
      ...kept,
    });
  };

  readonly findSend: HistoryReader['findSend'] = async ({ app, conversation, sender, clientMsgId, atLeastOffset = 0 }) => {
    const { entries } = await this.#waitFor(({ position }) => position.offset >= atLeastOffset);
    const found = entries.find(
      ({ entry, event }) =>
        entry.app === app && event.conversation === conversation && event.sender === sender && event.clientMsgId === clientMsgId,
    );
    const { seq = 0, messageId = '', timeMs = 0 } = found?.event ?? {};
    return { found: found !== undefined, seq, messageId, timeMs, bodyHash: found?.entry.bodyHash ?? 0 };
  };

  readonly getTarget: HistoryReader['getTarget'] = async (request) => {
    this.asked++;
    if (this.isSilent) throw new ParleyError('TIMEOUT');
    const { app, conversation, atLeastSeq = 0 } = request;
    const ofConversation = ({ entry, event }: Projected): boolean => entry.app === app && event.conversation === conversation;
    const view = await this.#waitFor(({ entries }) => headOf(entries.filter(ofConversation)) >= atLeastSeq);
    if (request.seq === 0) return formerOf(view.entries.filter(ofConversation), request.user ?? '');
    return targetOf(
      view.entries.filter(ofConversation).map(({ event }) => event),
      request,
    );
  };

  /** Backwards only. */
  readonly queryHistory: HistoryReader['queryHistory'] = async ({ app, conversation, fromSeq = 0, limit = 0 }) => {
    const { entries } = await this.#project();
    const own = entries.filter(({ entry, event }) => entry.app === app && event.conversation === conversation && event.seq > 0);
    const asked = own.filter(({ event }) => fromSeq === 0 || event.seq <= fromSeq).reverse();
    const events = asked.slice(0, limit).map(({ entry }) => entry.event);
    return createQueryHistoryResponse({ events, headSeq: headOf(own), firstSeq: 1, hasMore: asked.length > limit });
  };

  get #timeline(): EventLog {
    if (this.#log === undefined) throw new Error('history is attached to no log');
    return this.#log;
  }

  async #waitFor(isFarEnough: (view: { entries: readonly Projected[]; position: OwnedPosition }) => boolean) {
    for (;;) {
      const view = await this.#project();
      if (isFarEnough(view)) return view;
      await new Promise(setImmediate);
    }
  }

  async #project(): Promise<{ readonly entries: readonly Projected[]; readonly position: OwnedPosition }> {
    const entries: Projected[] = [];
    const end = this.#held?.offset ?? (await this.#timeline.range(topics.timeline, 0)).end;
    let reached: OwnedPosition = startOfLog;
    if (end === 0) return { entries, position: reached };
    const stop = new AbortController();
    await followOwned(
      { log: this.#timeline },
      {
        topic: topics.timeline,
        partition: 0,
        from: startOfLog,
        signal: stop.signal,
        onRecords: (records, position) => {
          for (const { offset, payload } of records) {
            if (offset >= end || payload.length === 0) continue;
            for (const entry of decodeTimelineBatch(payload).entries) entries.push({ entry, event: decodeConversationEvent(entry.event) });
          }
          reached = position;
          if (position.offset >= end) stop.abort();
        },
      },
    );
    return { entries, position: this.#held ?? reached };
  }
}

/** Whether a user was in it once, and where they left it. */
function formerOf(entries: readonly Projected[], user: string) {
  const changes = entries.flatMap(({ event: { seq, body } }) => (body?.type === 'membership' ? [{ seq, change: body.value }] : []));
  const exists = changes.some(({ change }) => change.joined.includes(user));
  const left = changes.findLast(({ change }) => change.left.includes(user) || change.closed);
  return createGetTargetResponse({ exists, headSeq: exists ? (left?.seq ?? headOf(entries)) : 0 });
}

const headOf = (entries: readonly Projected[]): number => Math.max(0, ...entries.map(({ event }) => event.seq));

function targetOf(events: readonly ConversationEvent[], { seq = 0, user = '', reaction = '' }: GetTargetRequestInit) {
  const target = events.find((event) => event.seq === seq);
  if (target === undefined) return createGetTargetResponse({});
  let state: MessageState | undefined;
  let pins: readonly Pin[] = [];
  let hasReacted = false;
  for (const event of events) {
    if (event.seq === 0) continue;
    state = foldErasure(foldMessage(state, seq, event), target, event);
    pins = foldPins(pins, event);
    const { body } = event;
    if (body?.type === 'reaction' && body.value.seq === seq && event.sender === user && body.value.reaction === reaction) {
      hasReacted = !body.value.isRemoved;
    }
  }
  const reactions = state?.reactions ?? [];
  return createGetTargetResponse({
    exists: true,
    sender: target.sender,
    timeMs: target.timeMs,
    rootSeq: threadOf(target),
    isRemoved: (state?.removal ?? Removal.UNSPECIFIED) !== Removal.UNSPECIFIED,
    hasReacted,
    isPinned: pins.some((pin) => pin.seq === seq),
    evictedPinSeq: pins[limits.pinsMax - 1]?.seq ?? 0,
    kind: target.body?.type === 'content' ? (contentKindOf(target.body.value) ?? '') : '',
    reactionKinds: reactions.length,
    expiresMs: target.options?.expiresMs ?? 0,
    onlyTo: state?.onlyTo ?? [],
    isKnownReaction: reactions.some((each) => each.reaction === reaction),
  });
}
