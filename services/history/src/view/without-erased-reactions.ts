import type { HistoryStore } from '@parley/store';
import type { MessageState } from '@parley/wire';
import type { HeldConversation } from '../rows/held-conversation.js';
import { erasedState } from './erased-state.js';
import { ownReactionsTo } from './message-states.js';

/** What messages have become, less the reactions of erased users: they are withheld until the sweep has taken them out. */
export async function withoutErasedReactions(
  store: HistoryStore,
  { row, details }: HeldConversation,
  states: ReadonlyMap<number, MessageState>,
): Promise<ReadonlyMap<number, MessageState>> {
  const erased = details.erased.filter(({ isDone }) => !isDone);
  if (erased.length === 0) return states;
  const reacted = [...states.values()].filter(({ reactions }) => reactions.length > 0).map(({ seq }) => seq);
  if (reacted.length === 0) return states;
  const left = new Map(states);
  for (const erasure of erased) {
    const gone = await ownReactionsTo(store, { ...row, user: erasure.user, belowSeq: erasure.seq }, reacted);
    for (const [seq, reactions] of gone) {
      const state = left.get(seq);
      if (state !== undefined && state.reactions.length > 0) left.set(seq, erasedState(state, { seq, sender: '', reactions }, erasure));
    }
  }
  return left;
}
