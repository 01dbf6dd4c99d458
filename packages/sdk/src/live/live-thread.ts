import { threadOf } from '@parley/fold';
import type { MessageList } from '@parley/wire';
import type { ParleyClientError } from '../client-error.js';
import type { Off } from '../emitter.js';
import type { Told } from '../event-decoder.js';
import type { TimelineEvent } from '../events.js';
import { asStored } from './as-stored.js';
import { Inquiry } from './inquiry.js';
import { liveLimits } from './live-limits.js';
import type { LiveDeps, LiveEntry } from './live-messages.js';
import { LiveView } from './live-view.js';
import { RowSet } from './row-set.js';

/** A thread as it stands. */
export interface ThreadSnapshot {
  /** The message that began it, as it is now; undefined until it is there, or where this user may not see it. */
  readonly root: TimelineEvent | undefined;
  /** The answers, oldest first; at the end own ones that have no place yet. */
  readonly entries: readonly LiveEntry[];
  /** There are later answers that are not loaded. */
  readonly hasNewer: boolean;
  readonly isLoading: boolean;
  readonly error?: ParleyClientError;
}

/** The answers in one thread, kept up to date. `close` ends it. */
export class LiveThread extends LiveView<ThreadSnapshot> {
  readonly conversation: string;
  /** Of the message that began the thread. */
  readonly root: number;
  readonly #deps: LiveDeps;
  readonly #pageSize: number;
  readonly #rows: RowSet;
  readonly #offs: readonly Off[];
  readonly #inquiry: Inquiry;
  #upTo = 0;
  /** Of the newest answer that was loaded. */
  #lastSeq = 0;
  #hasNewer = false;
  #isLoading = true;
  #error: ParleyClientError | undefined;

  constructor(conversation: string, root: number, options: LiveDeps & { readonly pageSize?: number }) {
    super();
    this.conversation = conversation;
    this.root = root;
    this.#deps = options;
    this.#pageSize = options.pageSize ?? liveLimits.pageSize;
    this.#rows = new RowSet(options.parts, () => this.changed());
    this.#inquiry = new Inquiry(options.parts, conversation);
    this.#offs = this.#listen(options);
    this.#startOver();
  }

  /** Brings later answers; see `hasNewer`. Rejects with a ParleyClientError. */
  async loadNewer(): Promise<void> {
    if (this.#hasNewer) await this.#load(this.#lastSeq);
  }

  /** Nothing is told any more. */
  close(): void {
    this.#inquiry.renew();
    for (const off of this.#offs) off();
    this.#rows.clear();
    this.end();
  }

  protected make(): ThreadSnapshot {
    const { unsent } = this.#deps;
    const shown = this.#rows.shown(unsent.acts(this.conversation));
    const own = new Set(shown.map((event) => (event.type === 'message' && event.isOwn ? event.clientMsgId : '')));
    const waiting = unsent.messages(this.conversation).filter(({ replyTo, clientMsgId }) => {
      return replyTo !== undefined && (replyTo.rootSeq || this.#threadOf(replyTo.seq)) === this.root && !own.has(clientMsgId);
    });
    return {
      root: shown.find(({ seq }) => seq === this.root),
      entries: [...shown.filter(({ seq }) => seq !== this.root), ...waiting],
      hasNewer: this.#hasNewer,
      isLoading: this.#isLoading,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  #listen({ parts, unsent }: LiveDeps): readonly Off[] {
    const isHere = (id: string): boolean => id === this.conversation;
    return [
      parts.steps.on('told', (told) => {
        if (isHere(told.conversation)) this.#hear(told);
      }),
      parts.steps.on('head', ({ conversation }) => {
        if (isHere(conversation) && this.#upTo > 0 && parts.timeline.lastSeq(conversation) > this.#upTo) this.#startOver();
      }),
      parts.events.on('gap', ({ conversation, toSeq }) => {
        if (isHere(conversation) && this.#upTo > 0 && toSeq > this.#upTo) this.#startOver();
      }),
      parts.events.on('historyReset', () => {
        this.#upTo = 0;
        this.#rows.clear();
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

  #startOver(): void {
    this.#inquiry.renew();
    this.#isLoading = true;
    this.changed();
    void this.#inquiry.keepTrying(
      () => this.#load(0),
      (error, isLast) => {
        this.#error = error;
        if (isLast) this.#isLoading = false;
        this.changed();
      },
    );
  }

  /** A page behind `after`; from the beginning everything is replaced. */
  async #load(after: number): Promise<void> {
    const { requests, decoder } = this.#deps.parts;
    const { conversation, root } = this;
    const asked = await this.#inquiry.ask(async (atLeastSeq) => {
      const value = { conversation, rootSeq: root, afterSeq: after, limit: this.#pageSize, atLeastSeq };
      const [first, list] = await Promise.all([
        this.#inquiry.messages([root], atLeastSeq),
        requests.call({ body: { type: 'listReplies', value }, expect: 'messageList', isRepeatable: true }),
      ]);
      return { first, list, headSeq: Math.min(first.headSeq, list.headSeq) };
    });
    if (asked === undefined) return;
    const { first, list, headSeq } = asked.answer;
    if (after === 0) {
      this.#rows.clear();
      this.#upTo = headSeq;
      this.#lastSeq = 0;
    }
    const seen = (answer: MessageList): readonly Told[] =>
      this.#deps.ownView.seen(
        conversation,
        decoder.decodePage(answer, () => {}),
      );
    this.#take(seen(first), seen(list));
    this.#hasNewer = list.hasMore;
    for (const event of asked.heard) this.#apply(event);
    this.#isLoading = false;
    this.#error = undefined;
    this.changed();
  }

  #take(root: readonly Told[], answers: readonly Told[]): void {
    for (const told of root) this.#rows.take(told);
    for (const told of answers) {
      this.#rows.take(told);
      this.#lastSeq = Math.max(this.#lastSeq, told.seq);
    }
  }

  #hear(told: Told): void {
    this.#inquiry.hear(told);
    const isHole = told.seq > 0 && this.#upTo > 0 && told.seq > this.#upTo + 1;
    const isIn = told.event.type === 'membership' && told.event.joined.includes(this.#deps.parts.self());
    this.#apply(told);
    if (isHole || isIn) this.#startOver();
  }

  #apply(heard: Told): void {
    const { parts, destroyAfterMs } = this.#deps;
    const { event, seq } = heard;
    if (seq === 0) {
      const isHiding = event.type === 'conversationChanged' && event.what === 'messagesHidden';
      const hidden = isHiding ? event.targets.filter((target) => this.#rows.withhold(target)) : [];
      if (hidden.length > 0) this.changed();
      return;
    }
    this.#upTo = Math.max(this.#upTo, seq);
    const context = { decoder: parts.decoder, destroyAfterMs: destroyAfterMs(this.conversation) };
    const { told, isThreadKnown } = asStored(heard, { ...context, find: (target) => this.#rows.get(target)?.source });
    const isAnswer = event.type === 'message' && threadOf(told.source) === this.root;
    // Of a thread that is not loaded to its end only the count of answers grows.
    const isTaken = isAnswer && isThreadKnown && !this.#hasNewer && this.#rows.take(told);
    if (this.#rows.fold(told.source) || isTaken) this.changed();
    // An own answer to one that is not held: the server knows whose thread it is in.
    if (!isThreadKnown) void this.#load(this.#lastSeq).catch(() => {});
  }

  #threadOf(seq: number): number {
    const source = this.#rows.get(seq)?.source;
    return source === undefined ? 0 : threadOf(source) || seq;
  }
}
