import { erasePins, foldEviction, foldPins, threadOf } from '@parley/fold';
import type { Pin, QueryHistoryInit } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { Off } from '../emitter.js';
import type { Told } from '../event-decoder.js';
import type { TimelineEvent } from '../events.js';
import type { SeqRange } from '../local-store/local-store.js';
import { withoutRemoved } from '../local-store/scrub.js';
import { asStored } from './as-stored.js';
import { clippedTo, coveredBy, type KeptEvents } from './covered-by.js';
import { Inquiry } from './inquiry.js';
import { liveLimits } from './live-limits.js';
import { LiveView } from './live-view.js';
import { isWithheld } from './message-rows.js';
import type { OwnView } from './own-view.js';
import { RowSet } from './row-set.js';
import { SeqSpans } from './seq-spans.js';
import type { Unsent, UnsentMessage } from './unsent.js';

/** Something in a conversation: what was said, who came and went; at the end own messages that have no place yet. */
export type LiveEntry = TimelineEvent | UnsentMessage;

/** What a collection of messages holds. */
export interface MessagesSnapshot {
  /** By seq; messages as they are now. Those that are gone are `hidden` and say why in `details`. */
  readonly entries: readonly LiveEntry[];
  /** What is missing between them. */
  readonly gaps: readonly SeqRange[];
  readonly hasOlder: boolean;
  /** There is more behind what was loaded last; what comes live is at the end all the same. */
  readonly hasNewer: boolean;
  /** Nothing is there yet, or it is being brought up to date. */
  readonly isLoading: boolean;
  /** Messages that stand out, newest pin first. */
  readonly pins: readonly Pin[];
  /** Why nothing, or nothing new, is there; it is tried again unless `retryable` is false. */
  readonly error?: ParleyClientError;
}

export interface LiveMessagesOptions {
  /** 1–100, 50 by default. */
  readonly pageSize?: number;
  /** How many messages are held at most; 1 000 by default. */
  readonly heldMax?: number;
}

/** What live messages are made of. */
export interface LiveDeps {
  readonly parts: ClientParts;
  readonly unsent: Unsent;
  readonly ownView: OwnView;
  /** From the local store; undefined where nothing is kept. Never rejects. */
  kept(conversation: string): Promise<KeptEvents | undefined>;
  /** A page of history, for the local store. */
  keep(conversation: string, page: KeptEvents): void;
  /** The server does not know the conversation, or not for this user: what is kept of it must not be shown again. */
  gone(conversation: string): void;
  /** How long messages of the conversation stay, milliseconds; 0: for good. */
  destroyAfterMs(conversation: string): number;
}

/**
 * The messages of one conversation, kept up to date: newest first what the local store has, then a page of history; what
 * happens live is folded in. Where that is not possible without gaps, everything is fetched anew. `close` ends it.
 */
export class LiveMessages extends LiveView<MessagesSnapshot> {
  readonly conversation: string;
  readonly #deps: LiveDeps;
  readonly #pageSize: number;
  readonly #heldMax: number;
  readonly #rows: RowSet;
  readonly #spans = new SeqSpans();
  readonly #offs: readonly Off[];
  readonly #inquiry: Inquiry;
  #pins: readonly Pin[] = [];
  /** Up to here what stands out is known. */
  #pinsUpTo = 0;
  /** There are messages here that the user does not see; which pins have to go for others they cannot know then. */
  #isPartial = false;
  /** Everything up to here is folded into the rows. */
  #upTo = 0;
  #firstSeq = 1;
  #headSeq = 0;
  /** Where the user was last; behind everything: at the end. */
  #focus = atEnd;
  #isLoading = true;
  #error: ParleyClientError | undefined;
  #isClosed = false;

  constructor(conversation: string, deps: LiveDeps, options: LiveMessagesOptions = {}) {
    super();
    this.conversation = conversation;
    this.#deps = deps;
    this.#pageSize = options.pageSize ?? liveLimits.pageSize;
    this.#heldMax = options.heldMax ?? liveLimits.heldMax;
    this.#rows = new RowSet(deps.parts, () => this.changed());
    this.#inquiry = new Inquiry(deps.parts, conversation);
    this.#offs = this.#listen(deps);
    void this.#begin();
  }

  /** Brings a page before what was loaded last. Rejects with a ParleyClientError. */
  async loadOlder(): Promise<void> {
    await this.#loadOlder(this.#rows.size + 1);
    this.#bound();
    this.changed();
  }

  /** Brings a page behind what was loaded last; see `hasNewer`. Rejects with a ParleyClientError. */
  async loadNewer(): Promise<void> {
    const span = this.#focusSpan;
    if (span === undefined || span.toSeq >= this.#knownHead) return;
    await this.#page({ fromSeq: span.toSeq + 1 });
    const after = this.#spans.of(span.toSeq) ?? span;
    this.#focus = after.toSeq >= this.#knownHead ? atEnd : after.toSeq;
    this.#bound();
    this.changed();
  }

  /** Brings the messages around a seq; from there `loadOlder` and `loadNewer` go on. Rejects with a ParleyClientError. */
  async around(seq: number): Promise<void> {
    if (!this.#spans.has(seq)) await this.#page({ fromSeq: seq, isAround: true });
    this.#focus = seq;
    this.#bound();
    this.changed();
  }

  /** Nothing is told any more. */
  close(): void {
    this.#isClosed = true;
    this.#inquiry.renew();
    for (const off of this.#offs) off();
    this.#rows.clear();
    this.end();
  }

  protected make(): MessagesSnapshot {
    const { unsent } = this.#deps;
    const stored = this.#rows.shown(unsent.acts(this.conversation));
    const own = new Set(stored.map((event) => (event.type === 'message' && event.isOwn ? event.clientMsgId : '')));
    const waiting = unsent.messages(this.conversation).filter(({ clientMsgId }) => !own.has(clientMsgId));
    const span = this.#focusSpan;
    return {
      entries: [...stored, ...waiting],
      gaps: this.#spans.gaps,
      hasOlder: span !== undefined && span.fromSeq > this.#firstSeq,
      hasNewer: span !== undefined && span.toSeq < this.#knownHead,
      isLoading: this.#isLoading,
      pins: this.#pins.filter(({ seq }) => seq >= this.#firstSeq && !this.#isWithheld(seq)),
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  #listen({ parts, unsent }: LiveDeps): readonly Off[] {
    const isHere = (id: string): boolean => id === this.conversation;
    return [
      parts.steps.on('told', (told) => {
        if (isHere(told.conversation)) this.#hear(told);
      }),
      parts.steps.on('head', ({ conversation, firstSeq }) => {
        if (isHere(conversation)) this.#listed(firstSeq);
      }),
      parts.events.on('gap', ({ conversation, toSeq }) => {
        if (isHere(conversation) && this.#upTo > 0 && toSeq > this.#upTo) this.#startOver();
      }),
      parts.events.on('historyReset', () => {
        this.#forget();
        this.#startOver();
      }),
      parts.events.on('connection', ({ state }) => {
        if (state === 'closed') this.#rows.rest();
      }),
      unsent.changes.on('change', (conversation) => {
        if (isHere(conversation)) this.changed();
      }),
    ];
  }

  get #focusSpan(): SeqRange | undefined {
    return this.#spans.near(this.#focus);
  }

  get #knownHead(): number {
    return Math.max(this.#headSeq, this.#deps.parts.timeline.knownHead(this.conversation), this.#upTo);
  }

  /** What is in the store, then what is missing for a page. */
  async #begin(): Promise<void> {
    const opened = await this.#inquiry.during(() => this.#deps.kept(this.conversation));
    if (opened === undefined) return;
    const { answer: kept, heard } = opened;
    if (kept === undefined || kept.events.length === 0) {
      this.#startOver();
      return;
    }
    this.#rows.clear();
    this.#spans.clear();
    const seen = this.#deps.ownView.seen(this.conversation, kept.events);
    const stored = seen.map((told) => this.#takeStored(told, 0));
    for (const { source } of stored) this.#rows.fold(source);
    this.#spans.add(kept);
    this.#upTo = kept.toSeq;
    // What the user does not see of it the store does not say.
    this.#isPartial = true;
    this.#isLoading = false;
    for (const told of heard) this.#apply(told);
    this.changed();
    const first = heard.find(({ seq }) => seq > 0);
    if (first !== undefined && first.seq > kept.toSeq + 1) {
      this.#startOver();
      return;
    }
    const isShort = this.#rows.size < this.#pageSize;
    await this.#keepTrying(async () => {
      if (isShort) await this.#loadOlder(this.#pageSize);
      this.#focus = atEnd;
      await this.#loadPins();
    });
  }

  /** Pages of which nothing is shown are no answer: brings some more until so many rows are there. */
  async #loadOlder(rows: number): Promise<void> {
    for (let pages = 0; pages < pagesMax && this.#rows.size < rows; pages++) {
      const span = this.#focusSpan;
      if (span === undefined || span.fromSeq <= this.#firstSeq) return;
      const page = await this.#page({ fromSeq: span.fromSeq - 1, backwards: true });
      if (page === undefined) return;
      this.#focus = Math.min(...page.events.map(({ seq }) => seq), span.fromSeq);
    }
  }

  /** Replaces everything by a page; what is shown stays until it is there. */
  #startOver(): void {
    this.#inquiry.renew();
    this.#isLoading = true;
    this.changed();
    void this.#keepTrying(async () => {
      const focus = this.#focus;
      const isAtEnd = focus === atEnd || (this.#focusSpan?.toSeq ?? 0) >= (this.#spans.newest?.toSeq ?? 0);
      const place = isAtEnd ? { fromSeq: 0, backwards: true } : { fromSeq: focus, isAround: true };
      const page = await this.#page(place, 'instead');
      if (page === undefined) return;
      this.#isLoading = false;
      if (isAtEnd) await this.#loadOlder(Math.min(this.#pageSize, fewRows));
      if (isAtEnd) this.#focus = atEnd;
      this.#bound();
      this.changed();
      await this.#loadPins();
    });
  }

  #keepTrying(action: () => Promise<void>): Promise<void> {
    return this.#inquiry.keepTrying(action, (error, isLast) => {
      this.#error = error;
      if (isLast) this.#isLoading = false;
      if (error.name === 'CONVERSATION_NOT_FOUND') {
        this.#forget();
        this.#deps.gone(this.conversation);
      }
      this.changed();
    });
  }

  /** As if nothing had ever been there. */
  #forget(): void {
    this.#upTo = 0;
    this.#headSeq = 0;
    this.#firstSeq = 1;
    this.#focus = atEnd;
    this.#pins = [];
    this.#pinsUpTo = 0;
    this.#rows.clear();
    this.#spans.clear();
  }

  async #page(place: QueryHistoryInit, mode: 'instead' | 'besides' = 'besides'): Promise<KeptEvents | undefined> {
    const { requests, decoder, timeline, events } = this.#deps.parts;
    const { keep, ownView } = this.#deps;
    const asked = await this.#inquiry.ask((atLeastSeq) => {
      const value = { conversation: this.conversation, limit: this.#pageSize, atLeastSeq, ...place };
      return requests.call({ body: { type: 'queryHistory', value }, expect: 'historyPage', isRepeatable: true });
    });
    if (asked === undefined) return undefined;
    const { answer, heard } = asked;
    const { epoch } = timeline;
    if (epoch !== '' && answer.epoch !== '' && epoch !== answer.epoch) {
      timeline.needSync();
      throw ParleyClientError.of('UNAVAILABLE', 'history was rebuilt');
    }
    const failed = (error: unknown): void => events.emit('error', ParleyClientError.of('INVALID_FRAME', String(error), error));
    const page = coveredBy(answer, place, ownView.seen(this.conversation, decoder.decodePage(answer, failed)));
    this.#firstSeq = Math.max(1, answer.firstSeq, ownView.clearedSeq(this.conversation) + 1);
    this.#headSeq = Math.max(this.#headSeq, answer.headSeq);
    if (mode === 'instead') {
      this.#rows.clear();
      this.#spans.clear();
      this.#upTo = answer.headSeq;
    }
    this.#error = undefined;
    this.#add(page, heard);
    keep(this.conversation, withoutRemoved(clippedTo(page, this.#firstSeq), heard));
    return page;
  }

  #add(page: KeptEvents, heard: readonly Told[]): void {
    for (const told of page.events) this.#rows.take(told);
    this.#isPartial ||= page.events.length <= page.toSeq - page.fromSeq || page.events.some(({ seq }) => this.#isWithheld(seq));
    this.#spans.add(page);
    this.#clip(this.#firstSeq);
    for (const told of heard) this.#apply(told);
    this.changed();
  }

  #hear(told: Told): void {
    this.#inquiry.hear(told);
    const isHole = told.seq > 0 && this.#upTo > 0 && told.seq > this.#upTo + 1;
    // There is something now where the server had nothing to show.
    const isBack = told.seq > 0 && this.#error !== undefined && !this.#isLoading;
    // Who comes back learns what has become of messages meanwhile.
    const isIn = told.event.type === 'membership' && told.event.joined.includes(this.#deps.parts.self());
    this.#apply(told);
    if (isHole || isBack || isIn) this.#startOver();
    this.#bound();
  }

  /** Something was told: now, or while a question was out. */
  #apply(heard: Told): void {
    const { destroyAfterMs, ownView } = this.#deps;
    const { event, seq } = heard;
    if (seq === 0) {
      if (event.type === 'conversationChanged') this.#applyOwnView(event);
      return;
    }
    this.#upTo = Math.max(this.#upTo, seq);
    // Cleared before this client was told of it.
    if (seq < this.#firstSeq) return;
    // What the user has deleted for themselves may be told before the message.
    const [seen = heard] = ownView.seen(this.conversation, [heard]);
    const told = this.#takeStored(seen, destroyAfterMs(this.conversation));
    this.#spans.add({ fromSeq: seq, toSeq: seq });
    this.#rows.fold(told.source);
    this.#isPartial ||= this.#isWithheld(seq);
    this.#foldPins(told);
    if (event.type === 'userErased') void this.#refresh(this.#hardlyNamed());
    this.changed();
  }

  /** Takes a row, if it is one, as the server has stored it. */
  #takeStored(told: Told, destroyAfterMs: number): Told {
    const { decoder } = this.#deps.parts;
    const stored = asStored(told, { decoder, destroyAfterMs, find: (seq) => this.#rows.get(seq)?.source });
    this.#rows.take(stored.told);
    if (!stored.isThreadKnown) void this.#learnThread(told.seq);
    return stored.told;
  }

  #applyOwnView(event: Extract<TimelineEvent, { readonly type: 'conversationChanged' }>): void {
    if (event.what === 'messagesHidden') {
      for (const seq of event.targets) this.#rows.withhold(seq);
      this.#pins = this.#pins.filter(({ seq }) => !event.targets.includes(seq));
      this.#isPartial = true;
      this.changed();
    }
    if (event.what !== 'settings' || event.settings.clearedSeq === undefined) return;
    this.#beginAt(event.settings.clearedSeq + 1);
    this.changed();
  }

  /** What stands before is not for this user any more. */
  #beginAt(firstSeq: number): void {
    if (firstSeq <= this.#firstSeq) return;
    this.#firstSeq = firstSeq;
    const wasEmpty = this.#spans.newest === undefined;
    this.#clip(firstSeq);
    if (wasEmpty || this.#spans.newest !== undefined) return;
    this.#focus = atEnd;
    this.#startOver();
  }

  #foldPins({ source, seq: eventSeq }: Told): void {
    if (eventSeq <= this.#pinsUpTo) return;
    this.#pinsUpTo = eventSeq;
    const before = this.#pins;
    this.#pins = erasePins(foldPins(before, source), source, (seq) => this.#rows.get(seq)?.source.sender);
    if (source.body?.type === 'erased' && before.length > 0) void this.#loadPins().catch(() => {});
    if (source.body?.type !== 'pin' || source.body.value.isRemoved) return;
    for (const { seq } of before) {
      if (!this.#pins.some((pin) => pin.seq === seq)) this.#rows.setState(seq, (state) => foldEviction(state, seq, source));
    }
    // Whether the user may see it, and how many others stand out that they may not.
    const isKnown = this.#rows.get(source.body.value.seq) !== undefined && !this.#isPartial && this.#firstSeq === 1;
    if (!isKnown) void this.#loadPins().catch(() => {});
  }

  #isWithheld(seq: number): boolean {
    const row = this.#rows.get(seq);
    return row !== undefined && isWithheld(row);
  }

  async #loadPins(): Promise<void> {
    const { requests } = this.#deps.parts;
    const asked = await this.#inquiry.ask((atLeastSeq) => {
      const value = { conversation: this.conversation, atLeastSeq };
      return requests.call({ body: { type: 'listPins', value }, expect: 'messageList', isRepeatable: true });
    });
    if (asked === undefined) return;
    const { answer, heard } = asked;
    this.#pins = answer.pins;
    this.#pinsUpTo = answer.headSeq;
    for (const told of heard) this.#foldPins(told);
    const isPinned = (seq: number): boolean => this.#pins.some((pin) => pin.seq === seq);
    const doubtful = this.#rows.all.filter(({ seq, state }) => (state?.pinnedMs ?? 0) > 0 && !isPinned(seq)).map(({ seq }) => seq);
    this.changed();
    await this.#refresh(doubtful);
  }

  /** Sync says that something has happened here, which need not be an event with a seq. */
  #listed(firstSeq: number): void {
    this.#beginAt(firstSeq);
    const isBehind = this.#upTo > 0 && this.#deps.parts.timeline.lastSeq(this.conversation) > this.#upTo;
    if (isBehind) this.#startOver();
    else if (!this.#isLoading) void this.#refreshAll();
    this.changed();
  }

  async #refreshAll(): Promise<void> {
    await this.#refresh(this.#rows.all.map(({ seq }) => seq));
    if (this.#pins.length > 0) await this.#loadPins().catch(() => {});
  }

  /** The server's word on messages that are held. What fails is not repeated: it was for certainty only. */
  async #refresh(seqs: readonly number[]): Promise<void> {
    const isMessage = (seq: number): boolean => ['message', 'hidden'].includes(this.#rows.get(seq)?.event.type ?? '');
    const messages = seqs.filter(isMessage);
    for (let at = 0; at < messages.length; at += perQuestion) {
      const part = messages.slice(at, at + perQuestion);
      const asked = await this.#inquiry.ask((atLeastSeq) => this.#inquiry.messages(part, atLeastSeq)).catch(() => undefined);
      if (asked === undefined) return;
      const { parts, ownView } = this.#deps;
      const answer = ownView.seen(
        this.conversation,
        parts.decoder.decodePage(asked.answer, () => {}),
      );
      const given = new Map(answer.map((told) => [told.seq, told]));
      for (const seq of part) {
        const told = given.get(seq);
        if (told === undefined) this.#rows.withhold(seq);
        else if (this.#rows.get(seq) !== undefined) this.#rows.take(told);
      }
      for (const told of asked.heard) this.#apply(told);
      this.changed();
    }
  }

  /** An own answer to a message that is not held: the server knows whose thread it is in. */
  async #learnThread(seq: number): Promise<void> {
    const list = await this.#inquiry.messages([seq], seq).catch(() => undefined);
    const [told] = list === undefined ? [] : this.#deps.parts.decoder.decodePage(list, () => {});
    if (told === undefined || this.#isClosed) return;
    this.#rows.replace(told);
    this.changed();
    await this.#refresh([threadOf(told.source)]);
  }

  /** Messages to which more have reacted than are named: one of them may be who was erased. */
  #hardlyNamed(): readonly number[] {
    const rows = this.#rows.all.filter(({ state }) => state?.reactions.some(({ count, recent }) => count > recent.length) === true);
    return rows.map(({ seq }) => seq);
  }

  #clip(fromSeq: number, toSeq?: number): void {
    this.#rows.clip(fromSeq, toSeq);
    this.#spans.clip({ fromSeq, toSeq: toSeq ?? Number.MAX_SAFE_INTEGER });
  }

  /** Lets go what is farthest from where the user was last. */
  #bound(): void {
    const tooMany = this.#rows.size - this.#heldMax;
    if (tooMany > 0) {
      const seqs = this.#rows.all.map(({ seq }) => seq);
      let [first, last] = [0, seqs.length - 1];
      for (let left = tooMany; left > 0; left--) {
        if (this.#focus - (seqs[first] ?? 0) >= (seqs[last] ?? 0) - this.#focus) first++;
        else last--;
      }
      const isEndKept = last === seqs.length - 1;
      this.#clip(first === 0 ? 0 : (seqs[first] ?? 0), isEndKept ? undefined : seqs[last]);
      this.changed();
    }
  }
}

const atEnd = Number.POSITIVE_INFINITY;
const perQuestion = 100;
/** Pages that one wish may bring, and rows that are enough for it. */
const pagesMax = 5;
const fewRows = 10;
