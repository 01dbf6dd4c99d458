import { decodeMessageRow } from '@parley/contracts/history-rows';
import { partitionOf } from '@parley/kernel';
import type { ConversationKey, HistoryStore } from '@parley/store';
import { decodeConversationEvent } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import { blockOf, blockSeqs, blockSpace, statePrefix, threadSpace } from '../rows/detail-keys.js';
import { type HeldConversation, hold } from '../rows/held-conversation.js';
import { withDetails } from '../rows/with-details.js';
import { isRoom } from '../view/kept-window.js';
import { MessageAmendment } from './message-amendment.js';
import type { SweepDeps } from './sweep-deps.js';

/** Lets the store forget what is older than is kept, conversation by conversation, round and round. */
export class RetentionSweep {
  readonly #deps: SweepDeps;
  readonly #partitions: number;
  #after: ConversationKey | undefined;

  constructor(deps: SweepDeps, partitions: number) {
    this.#deps = deps;
    this.#partitions = partitions;
  }

  /** Looks at some more conversations; at those of other processes nothing is done. */
  async pass(signal: AbortSignal): Promise<void> {
    const limit = historyLimits.retentionsPerSweep;
    const rows = await this.#deps.store.allConversations({ limit, ...(this.#after === undefined ? {} : { after: this.#after }) });
    const last = rows.at(-1);
    this.#after = rows.length < limit || last === undefined ? undefined : { app: last.app, conversation: last.conversation };
    for (const row of rows) {
      if (signal.aborted) return;
      const { app, conversation } = row;
      const projector = this.#deps.projectors.get(partitionOf(app, conversation, this.#partitions));
      if (projector === undefined) continue;
      // Nearly always there is nothing to do, and the row says so.
      const held = hold(row);
      const isRetired = !isRoom(conversation) && (await this.#retire(projector, held));
      const kept = isRetired ? await projector.conversation(app, conversation) : held;
      if (kept !== undefined) await this.#forgetDetails(projector, kept);
    }
  }

  /** Raises what is kept above what is too old; false where nothing is. */
  async #retire(projector: PartitionProjector, { row, details }: HeldConversation): Promise<boolean> {
    const { store, window } = this.#deps;
    const { app, conversation } = row;
    const isEmpty = row.headSeq === 0 || row.keptFromSeq > row.headSeq;
    if (isEmpty || details.firstMs >= window.sinceMsOf({ row, details })) return false;
    await projector.amend(async () => {
      const held = await projector.conversation(app, conversation);
      if (held === undefined) return undefined;
      const keptFromSeq = await window.firstSeqOf(held);
      if (keptFromSeq <= held.row.keptFromSeq) return undefined;
      const { firstMs, keptCountable } = await this.#startOf(store, held, keptFromSeq);
      const change = { firstMs, keptCountable: Math.max(keptCountable, held.details.keptCountable) };
      return { events: [], conversations: [], details: [], held: [withDetails(held, change, { keptFromSeq })] };
    });
    return true;
  }

  /** What is known of the place from which a conversation is kept. */
  async #startOf(
    store: HistoryStore,
    { row }: HeldConversation,
    seq: number,
  ): Promise<{ readonly firstMs: number; readonly keptCountable: number }> {
    const { app, conversation, countable, headSeq } = row;
    // The next event comes later than now.
    if (seq > headSeq) return { firstMs: this.#deps.clock.now(), keptCountable: countable };
    const [last, first] = await store.events(app, conversation, { from: seq - 1, limit: 2, backwards: false });
    const kept = last?.seq === seq ? last : first;
    const firstMs = kept === undefined ? 0 : decodeConversationEvent(kept.event).timeMs;
    return { firstMs, keptCountable: last?.seq === seq - 1 ? last.countable : 0 };
  }

  /** What messages had become goes with them, a block at a time. */
  async #forgetDetails(projector: PartitionProjector, kept: HeldConversation): Promise<void> {
    const { store } = this.#deps;
    const { app, conversation } = kept.row;
    if (!hasDetailsToForget(kept)) return;
    await projector.amend(async () => {
      const held = await projector.conversation(app, conversation);
      if (held === undefined || !hasDetailsToForget(held)) return undefined;
      const block = blockOf(held.details.sweptSeq);
      const amendment = new MessageAmendment(store, held);
      const space = blockSpace(conversation, block);
      for (const { value } of await store.details(app, space, { prefix: statePrefix, limit: blockSeqs })) {
        const { state } = decodeMessageRow(value);
        if (state !== undefined && state.replyCount > 0) await amendment.dropSpace(threadSpace(conversation, state.seq));
      }
      amendment.dropFilter(block);
      const isEmpty = await amendment.dropSpace(space);
      if (isEmpty) amendment.putConversation(withDetails(held, { sweptSeq: (block + 1) * blockSeqs }));
      return amendment.build();
    });
  }
}

/** Whether a whole block of messages is kept no more whose details may be there. */
const hasDetailsToForget = ({ row, details }: HeldConversation): boolean => blockOf(details.sweptSeq) < blockOf(row.keptFromSeq);
