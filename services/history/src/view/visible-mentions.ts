import type { MentionMark } from '@parley/contracts/history-rows';
import { Removal } from '@parley/wire';
import type { HeldConversation } from '../rows/held-conversation.js';
import type { Entitlement } from './entitlement.js';
import { present, type PresentDeps } from './present.js';
import { readSeqs } from './read-page.js';

/** Of the messages that name a viewer those that are still there for them: not removed, expired or erased, and not hidden. */
export async function visibleMentions(
  deps: PresentDeps,
  seen: { readonly held: HeldConversation; readonly entitlement: Entitlement },
  mentions: readonly MentionMark[],
): Promise<readonly MentionMark[]> {
  if (mentions.length === 0) return mentions;
  const { held, entitlement } = seen;
  const rows = await readSeqs(deps, held, { entitlement, seqs: mentions.map(({ seq }) => seq) });
  const shown = await present(deps, seen, rows);
  const left = shown.filter(({ isWithheld, state }) => !isWithheld && (state === undefined || state.removal === Removal.UNSPECIFIED));
  const seqs = new Set(left.map(({ seq }) => seq));
  return mentions.filter(({ seq }) => seqs.has(seq));
}
