import { decodeMessageRow, decodeReactionRow } from '@parley/contracts/history-rows';
import type { ConversationKey, DetailRow, HistoryStore } from '@parley/store';
import type { MessageState } from '@parley/wire';
import { behind, blockOf, blockSpace, fromSortable, ownReactionsPrefix, sortable, stateKey, statePrefix } from '../rows/detail-keys.js';
import { historyLimits } from '../limits.js';

/** What messages have become, of those to which something was done. */
export async function messageStatesOf(
  store: HistoryStore,
  { app, conversation }: ConversationKey,
  seqs: readonly number[],
): Promise<ReadonlyMap<number, MessageState>> {
  const states = new Map<number, MessageState>();
  const read = async ({ block, first, last }: BlockRange): Promise<void> => {
    const space = blockSpace(conversation, block);
    if (first === last) {
      const value = await store.detail({ app, space, key: stateKey(first) });
      if (value !== undefined) add(value);
      return;
    }
    for (const { value } of await rowsBetween(store, { app, space, prefix: statePrefix }, { first, last })) add(value);
  };
  const add = (value: Uint8Array): void => {
    const { state } = decodeMessageRow(value);
    if (state !== undefined) states.set(state.seq, state);
  };
  await Promise.all(rangesOf(seqs).map(read));
  return states;
}

/** A user's reactions to messages; those from below a seq where one is given. */
export async function ownReactionsTo(
  store: HistoryStore,
  { app, conversation, user, belowSeq = Number.POSITIVE_INFINITY }: ConversationKey & { readonly user: string; readonly belowSeq?: number },
  seqs: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const reactions = new Map<number, string[]>();
  const prefix = ownReactionsPrefix(user);
  const read = async ({ block, first, last }: BlockRange): Promise<void> => {
    const space = blockSpace(conversation, block);
    for (const { key, value } of await rowsBetween(store, { app, space, prefix }, { first, last })) {
      const seq = fromSortable(key.slice(prefix.length).split('/')[0] ?? '');
      const { reaction, seq: reactedSeq } = decodeReactionRow(value);
      if (reactedSeq < belowSeq) reactions.set(seq, [...(reactions.get(seq) ?? []), reaction]);
    }
  };
  await Promise.all(rangesOf(seqs).map(read));
  return reactions;
}

interface BlockRange {
  readonly block: number;
  readonly first: number;
  readonly last: number;
}

/** For each block that seqs lie in the first and the last of them. */
function rangesOf(seqs: readonly number[]): readonly BlockRange[] {
  const ranges = new Map<number, BlockRange>();
  for (const seq of seqs) {
    const block = blockOf(seq);
    const { first, last } = ranges.get(block) ?? { first: seq, last: seq };
    ranges.set(block, { block, first: Math.min(first, seq), last: Math.max(last, seq) });
  }
  return [...ranges.values()];
}

async function rowsBetween(
  store: HistoryStore,
  { app, space, prefix }: { readonly app: string; readonly space: string; readonly prefix: string },
  { first, last }: { readonly first: number; readonly last: number },
): Promise<readonly DetailRow[]> {
  const rows: DetailRow[] = [];
  const end = `${prefix}${sortable(last + 1)}`;
  const limit = Math.min(historyLimits.detailPage, last - first + 1);
  for (let from = `${prefix}${sortable(first)}`; ; ) {
    const page = await store.details(app, space, { prefix, from, limit });
    for (const row of page) if (row.key < end) rows.push(row);
    const lastKey = page.at(-1)?.key;
    if (lastKey === undefined || lastKey >= end || page.length < limit) return rows;
    from = behind(lastKey);
  }
}
