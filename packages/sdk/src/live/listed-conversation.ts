import { mentionsOf, mentionsUser } from '@parley/fold';
import { emptyBytes } from '@parley/kernel';
import {
  type ConversationEvent,
  type ConversationHead,
  type ConversationSettings,
  conversationHeadSchema,
  conversationSettingsSchema,
  decodeAs,
  encodeAs,
  Removal,
} from '@parley/wire';
import type { ClientParts } from '../client-parts.js';
import { type ConversationItem, conversationItemOf } from '../conversation/conversation-item.js';
import type { Told } from '../event-decoder.js';
import type { SettingsPatch, TimelineEvent } from '../events.js';
import { asStored } from './as-stored.js';
import { liveLimits } from './live-limits.js';
import { isWithheld, type MessageRow, MessageRows } from './message-rows.js';

/** A conversation in the list, with who is writing in it. */
export interface ListedItem extends ConversationItem {
  /** Users who write there now; told of the conversation that the user looks at. */
  readonly typing: readonly string[];
}

/** What of a message matters for what is unread. */
interface Counted {
  readonly seq: number;
  readonly counts: boolean;
  /** The user has read what stands before it. */
  readonly isOwn: boolean;
  readonly mentions: boolean;
  readonly isSilent: boolean;
}

/** A change of the settings, and when it was made. */
interface Patched {
  readonly timeMs: number;
  readonly headSeq: number;
  readonly patch: SettingsPatch;
}

/** An own change of the settings that the server has not told of yet. */
interface Pending {
  readonly patch: SettingsPatch;
  /** When the server made it; 0: it has not answered yet. */
  readonly madeMs: number;
}

/** Of a cursor's event. */
interface CursorMove {
  readonly readSeq: number;
  readonly deliveredSeq: number;
  readonly countable: number;
  readonly timeMs: number;
}

const mentionMarksMax = 20;
const patchesMax = 32;
/** Changes of the settings at about the time of a head may be in it or not; made again they do no harm. */
const patchMarginMs = 1_000;
const hiddenMax = 100;

/**
 * One conversation of the user: the server's head and what has happened since. Counts what is unread by the server's
 * formula: countable messages, less those up to where the user has read, or spoken.
 */
export class ListedConversation {
  readonly id: string;
  readonly #parts: ClientParts;
  readonly #rules: MessageRows;
  #head: ConversationHead;
  /** The server's head that counting goes on from. */
  #base: ConversationHead;
  /** Messages since then, by seq. */
  #since: Counted[] = [];
  #patches: Patched[] = [];
  /** By id. */
  readonly #pending = new Map<string, Pending>();
  /** Of the newest change that the server has told of. */
  #changedMs = 0;
  /** From here on everything has been told and is remembered. */
  #completeFrom = 0;
  /** Messages that the user has deleted for themselves, of late. */
  #hidden: readonly number[] = [];
  /** Countable messages up to where nothing is unread, and a seq that lies there. */
  #floor = { countable: 0, seq: 0 };
  /** Up to here the user has read, as far as this client knows. */
  #readSeq = 0;
  #last: MessageRow | undefined;
  #typing: readonly string[] = [];
  #item: ListedItem | undefined;
  /** The server has to be asked: what is known here is not enough to count on. */
  isDoubtful = false;

  /** `untoldReadSeq`: what `readSeq` of a kept head owes to this client alone. */
  constructor(parts: ClientParts, head: ConversationHead, untoldReadSeq = 0) {
    this.id = head.conversation;
    this.#parts = parts;
    this.#rules = new MessageRows(parts);
    this.#head = head;
    this.#base = head;
    this.take(head);
    if (untoldReadSeq > 0) this.#base = { ...head, readSeq: 0 };
  }

  /** Up to here the user has read without a head of the server saying so; 0: nowhere. */
  get untoldReadSeq(): number {
    return this.#readSeq > this.#base.readSeq ? this.#readSeq : 0;
  }

  get item(): ListedItem {
    this.#item ??= {
      ...conversationItemOf({ ...this.#head, settings: this.#shownSettings, lastEvent: emptyBytes }, this.#parts.decoder),
      ...{ unread: this.#unread, last: this.#last?.event, typing: this.#typing },
    };
    return this.#item;
  }

  /** How it stands now, for a store. */
  get kept(): Uint8Array {
    const lastEvent = this.#last === undefined ? emptyBytes : this.#parts.decoder.encode(this.#last.source);
    return encodeAs(conversationHeadSchema, { ...this.#head, unread: this.#unread, lastEvent, lastState: this.#last?.state });
  }

  /** Takes the server's word, which may be older than what was told meanwhile. */
  take(head: ConversationHead): void {
    const before = this.#head;
    this.isDoubtful = head.headSeq < before.headSeq && head.headSeq < this.#completeFrom - 1;
    this.#base = head;
    this.#since = this.#since.filter(({ seq }) => seq > head.headSeq);
    this.#patches = this.#patches.filter(({ timeMs }) => timeMs > head.updatedMs - patchMarginMs);
    const isNewer = head.headSeq >= before.headSeq;
    this.#last = this.#laterLast(head, isNewer);
    const { isMember, memberCount, isClosed, rules, headSeq } = isNewer ? head : before;
    this.#head = { ...head, isMember, memberCount, isClosed, rules, headSeq, lastEvent: emptyBytes, lastState: undefined };
    this.#readSeq = Math.max(this.#readSeq, head.readSeq);
    this.#settle(head.updatedMs);
    const seq = Math.max(head.readSeq, head.memberSinceSeq, head.settings?.clearedSeq ?? 0, head.unread === 0 ? head.headSeq : 0);
    this.#floor = { seq, countable: head.countable - head.unread };
    const told = this.#since;
    this.#since = [];
    for (const counted of told) this.#count(counted);
    for (const patched of this.#patches) this.#patch(patched);
    this.#read(this.#readSeq, 0);
    if (this.#readSeq > head.readSeq && !this.#patches.some(({ patch }) => patch.isMarkedUnread === true)) this.#markRead(this.#readSeq);
    this.#withholdLast();
    this.#update({});
  }

  /** Lets an event work. False when nothing has changed. */
  takeTold(told: Told): boolean {
    const { seq, event, source } = told;
    if (seq === 0) return this.#takeOwnView(event, source.messageId !== '');
    if (seq <= this.#head.headSeq) return false;
    if (seq > this.#head.headSeq + 1) {
      this.isDoubtful = true;
      this.#completeFrom = seq;
    }
    this.#update({ headSeq: seq, updatedMs: Math.max(this.#head.updatedMs, source.timeMs) });
    this.#foldLast(source);
    if (source.body?.type === 'content' || (event.type === 'hidden' && source.messageId !== '')) this.#takeMessage(told);
    this.#takeOthers(event);
    return true;
  }

  /** What was told of the settings so far is in the heads that come; something after it may have been missed. */
  forgetChanges(): void {
    this.#patches = [];
  }

  /** An own change of the settings is on its way, or was made at a time that is not 0: it shows until the server tells of it. */
  setPending(id: string, pending: Pending): void {
    if (pending.madeMs > 0 && pending.madeMs <= this.#changedMs) this.#pending.delete(id);
    else this.#pending.set(id, pending);
    this.#update({});
  }

  /** It was refused. */
  endPending(id: string): void {
    this.#pending.delete(id);
    this.#update({});
  }

  setTyping(user: string, isTyping: boolean): boolean {
    if (this.#typing.includes(user) === isTyping) return false;
    this.#typing = isTyping ? [...this.#typing, user] : this.#typing.filter((other) => other !== user);
    this.#update({});
    return true;
  }

  /** When the newest message goes by itself, or a mute ends, milliseconds since 1970 (UTC); 0: neither. */
  get nextMs(): number {
    const { state, isOver = false } = this.#last ?? {};
    const expiresMs = state === undefined || isOver || state.removal !== Removal.UNSPECIFIED ? 0 : state.expiresMs;
    const { mutedUntilMs = 0 } = this.#head.settings ?? {};
    const isEnding = mutedUntilMs > this.#parts.clock.now() && mutedUntilMs < Number.MAX_SAFE_INTEGER;
    const moments = [expiresMs, isEnding ? mutedUntilMs : 0].filter((ms) => ms > 0);
    return moments.length === 0 ? 0 : Math.min(...moments);
  }

  expire(): boolean {
    const last = this.#last && this.#rules.expire(this.#last);
    if (last === this.#last) return false;
    this.#last = last;
    this.#update({});
    return true;
  }

  get #unread(): number {
    const { isMember, isClosed, countable, headSeq } = this.#head;
    // Where the server has to be asked: no more than there are places behind what is read.
    const most = headSeq - Math.max(this.#floor.seq, this.#readSeq);
    return isMember && !isClosed ? Math.max(0, Math.min(countable - this.#floor.countable, most)) : 0;
  }

  #update(change: Partial<ConversationHead>): void {
    this.#head = { ...this.#head, ...change };
    this.#item = undefined;
  }

  /** What was told to the user's devices alone, or of the other one of two; some of it this client says by itself. */
  #takeOwnView(event: TimelineEvent, isOfServer: boolean): boolean {
    if (event.type === 'receiptChanged' && event.what === 'cursor') {
      const { peerReadSeq, peerDeliveredSeq, peerReadMs } = this.#head;
      const readSeq = Math.max(peerReadSeq, event.readSeq);
      const deliveredSeq = Math.max(peerDeliveredSeq, event.deliveredSeq, readSeq);
      if (readSeq === peerReadSeq && deliveredSeq === peerDeliveredSeq) return false;
      this.#update({ peerReadSeq: readSeq, peerReadMs: readSeq > peerReadSeq ? event.timeMs : peerReadMs, peerDeliveredSeq: deliveredSeq });
      return true;
    }
    if (event.type !== 'conversationChanged') return false;
    switch (event.what) {
      case 'cursor':
        return this.#takeCursor(event, isOfServer);
      case 'settings':
        this.#takePatch({ timeMs: event.timeMs, headSeq: event.headSeq, patch: event.settings });
        return true;
      case 'messagesHidden':
        this.#hidden = [...this.#hidden, ...event.targets].slice(-hiddenMax);
        return this.#withholdLast();
      default:
        return false;
    }
  }

  #takeCursor({ readSeq, deliveredSeq, countable, timeMs }: CursorMove, isOfServer: boolean): boolean {
    const before = this.item;
    this.#update({ deliveredSeq: Math.max(this.#head.deliveredSeq, deliveredSeq, readSeq) });
    this.#read(readSeq, countable);
    if (readSeq > 0) this.#endMark(readSeq, isOfServer ? timeMs : undefined);
    const { item } = this;
    const isSame =
      item.mentions.length === before.mentions.length &&
      (['readSeq', 'deliveredSeq', 'unread', 'settings'] as const).every((name) => item[name] === before[name]);
    if (isSame) this.#item = before;
    return !isSame;
  }

  /** Whoever reads ends the mark as unread: where the server says so, among the other changes in their order. */
  #endMark(readSeq: number, timeMs: number | undefined): void {
    if (timeMs === undefined) this.#patches = this.#patches.map((patched) => ({ ...patched, patch: withoutMark(patched.patch) }));
    else {
      const others = this.#patches.filter(({ patch }) => patch !== markEnded);
      this.#patches = [...others, { timeMs, headSeq: 0, patch: markEnded }].slice(-patchesMax);
    }
    this.#markRead(readSeq);
  }

  #takeMessage(told: Told): void {
    const { decoder, self } = this.#parts;
    const rules = this.#head.rules?.destroyAfterMs ?? 0;
    const stored = asStored(told, { decoder, destroyAfterMs: rules, find: () => undefined }).told;
    const row = this.#rules.rowOf(stored);
    if (row !== undefined && !isWithheld(row)) this.#last = row;
    const { options, sender, body } = stored.source;
    // It is gone already, so nothing says whether it counted.
    if (body === undefined) this.isDoubtful = true;
    const isImported = (options?.originalMs ?? 0) > 0;
    const counts = body !== undefined && !isImported && options?.noUnread !== true && (options?.onlyTo.length ?? 0) === 0;
    const mentions = !isImported && options?.noUnread !== true && mentionsUser(stored.source, self(), stored.state);
    const isSilent = mentionsOf(stored.source, stored.state)?.isSilent === true;
    this.#count({ seq: told.seq, counts, isOwn: sender === self() && !isImported, mentions, isSilent });
  }

  #count(counted: Counted): void {
    this.#since.push(counted);
    if (this.#since.length > liveLimits.laterMax) {
      this.#since.shift();
      this.#completeFrom = Math.max(this.#completeFrom, this.#since[0]?.seq ?? 0);
    }
    if (counted.counts) this.#update({ countable: this.#head.countable + 1 });
    if (counted.mentions) this.#mark(counted.seq, counted);
    if (counted.isOwn) this.#raiseFloor(counted.seq, this.#head.countable);
  }

  #mark(seq: number, { isSilent }: { readonly isSilent: boolean }): void {
    const [others, silent] = [this.#head.mentions, this.#head.silentMentions].map((seqs) => seqs.filter((other) => other !== seq));
    const mentions = [...(others ?? []), seq].sort((a, b) => b - a).slice(0, mentionMarksMax);
    const silentMentions = [...(silent ?? []), ...(isSilent ? [seq] : [])].filter((other) => mentions.includes(other));
    this.#update({ mentions, silentMentions });
  }

  #raiseFloor(seq: number, countable: number): void {
    if (seq <= this.#floor.seq) return;
    this.#floor = { seq, countable: Math.max(countable, this.#floor.countable) };
    this.#update({ mentions: this.#head.mentions.filter((mention) => mention > seq) });
  }

  /** The user has read up to there, here or on another device; so many countable messages, where the server says so. */
  #read(readSeq: number, counted: number): void {
    if (readSeq === 0) return;
    this.#readSeq = Math.max(this.#readSeq, readSeq);
    const { headSeq, countable } = this.#head;
    this.#update({ readSeq: Math.max(this.#head.readSeq, readSeq), deliveredSeq: Math.max(this.#head.deliveredSeq, readSeq) });
    if (readSeq <= this.#floor.seq) return;
    if (readSeq >= headSeq) this.#raiseFloor(headSeq, countable);
    else if (counted > 0) this.#raiseFloor(readSeq, counted);
    else if (readSeq >= this.#base.headSeq) this.#raiseFloor(readSeq, countable - this.#countedBehind(readSeq));
    else this.isDoubtful = true;
  }

  /** Whoever reads ends the mark. */
  #markRead(readSeq: number): void {
    const { settings } = this.#head;
    if (readSeq > 0 && settings?.isMarkedUnread === true) this.#update({ settings: { ...settings, isMarkedUnread: false } });
  }

  /** What stands before a message that the user has deleted for themselves only the server knows. */
  #withholdLast(): boolean {
    if (this.#last === undefined || !this.#hidden.includes(this.#last.seq)) return false;
    this.#last = undefined;
    this.isDoubtful = true;
    this.#update({});
    return true;
  }

  #countedBehind(readSeq: number): number {
    return this.#since.filter(({ seq, counts }) => counts && seq > readSeq).length;
  }

  #takePatch(patched: Patched): void {
    this.#patches = [...this.#patches, patched].slice(-patchesMax);
    this.#settle(patched.timeMs);
    this.#patch(patched);
  }

  /** What the server made up to then it has told. */
  #settle(timeMs: number): void {
    this.#changedMs = Math.max(this.#changedMs, timeMs);
    for (const [id, { madeMs }] of this.#pending) if (madeMs > 0 && madeMs <= timeMs) this.#pending.delete(id);
  }

  get #shownSettings(): ConversationSettings | undefined {
    const { settings, headSeq } = this.#head;
    let shown = settings;
    for (const { patch } of this.#pending.values()) shown = patchedSettings(shown, patch, headSeq);
    return shown;
  }

  #patch({ timeMs, headSeq, patch }: Patched): void {
    const settings = patchedSettings(this.#head.settings, patch, headSeq);
    this.#update({ settings, updatedMs: Math.max(this.#head.updatedMs, timeMs) });
    const { clearedSeq } = patch;
    if (clearedSeq === undefined) return;
    if (this.#last !== undefined && this.#last.seq <= clearedSeq) this.#last = undefined;
    this.#update({ firstSeq: Math.max(this.#head.firstSeq, clearedSeq + 1) });
    if (clearedSeq >= this.#head.headSeq) this.#raiseFloor(this.#head.headSeq, this.#head.countable);
    else if (clearedSeq > this.#floor.seq) this.isDoubtful = true;
  }

  #takeOthers(event: TimelineEvent): void {
    const self = this.#parts.self();
    if (event.type === 'membership') {
      const { joined, left, closed, memberCount, seq } = event;
      if (left.includes(self)) this.#update({ isMember: false, mentions: [], memberSinceSeq: 0 });
      if (joined.includes(self)) {
        this.#update({ isMember: true, memberSinceSeq: seq });
        // Nothing before is unread, also by an answer that does not know of it yet: like something said by the user.
        this.#count({ seq, counts: false, isOwn: true, mentions: false, isSilent: false });
        // How far back the user may look now only the server knows.
        this.isDoubtful = true;
      }
      if (closed) this.#update({ isClosed: true, isMember: false, mentions: [] });
      if (memberCount > 0) this.#update({ memberCount });
    }
    if (event.type === 'conversationChanged' && event.what === 'rules') {
      const { destroyAfterMs, retentionMs } = event;
      this.#update({ rules: { destroyAfterMs, retentionMs } });
    }
    if (event.type === 'messageRecalled') this.#unmark([event.target]);
    if (event.type === 'messageDeleted') this.#unmark(event.targets);
    if (event.type === 'messageEdited' && event.mentions !== undefined && event.target > this.#floor.seq && !event.isOwn) {
      // Whether a message from before is unread only the server knows.
      if (event.target <= this.#base.headSeq) this.isDoubtful = true;
      const { users, isEveryone } = event.mentions;
      if (isEveryone || users.includes(self)) this.#mark(event.target, event.mentions);
      else this.#unmark([event.target]);
    }
    if (event.type === 'userErased') this.isDoubtful = true;
  }

  #unmark(seqs: readonly number[]): void {
    this.#update({ mentions: this.#head.mentions.filter((seq) => !seqs.includes(seq)) });
  }

  #foldLast(source: ConversationEvent): boolean {
    if (this.#last === undefined) return false;
    const last = this.#rules.fold(this.#last, source);
    if (last === this.#last) return false;
    this.#last = last;
    this.#update({});
    return true;
  }

  #laterLast({ lastEvent, lastState }: ConversationHead, isNewer: boolean): MessageRow | undefined {
    const states = lastState === undefined ? [] : [lastState];
    const [told] = lastEvent.length === 0 ? [] : this.#parts.decoder.decodePage({ events: [lastEvent], states }, () => {});
    const given = told && this.#rules.rowOf(told);
    const held = this.#last;
    if (held === undefined || given === undefined) return isNewer ? given : (held ?? given);
    if (given.seq !== held.seq) return isNewer ? given : held;
    return (given.state?.version ?? 0) >= (held.state?.version ?? 0) ? given : held;
  }
}

/** Settings after a change; what is cleared stays cleared. */
function patchedSettings(settings: ConversationSettings | undefined, patch: SettingsPatch, headSeq: number): ConversationSettings {
  const { isHidden, ...rest } = patch;
  const hidden = isHidden === undefined ? {} : { hiddenSeq: isHidden ? headSeq : 0 };
  const before = settings ?? noSettings;
  return { ...before, ...rest, ...hidden, clearedSeq: Math.max(before.clearedSeq, patch.clearedSeq ?? 0) };
}

const markEnded: SettingsPatch = { isMarkedUnread: false };

const withoutMark = (patch: SettingsPatch): SettingsPatch => (patch.isMarkedUnread === true ? { ...patch, isMarkedUnread: false } : patch);

const noSettings: ConversationSettings = decodeAs(conversationSettingsSchema, emptyBytes);
