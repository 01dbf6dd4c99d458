import type { Clock } from '@parley/kernel';
import type { RulesBook } from '@parley/domain';
import type { HistoryStore } from '@parley/store';
import type { Progress } from '../progress.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import type { Conversations } from '../view/conversations.js';
import { type Entitlement, entitlementOf } from '../view/entitlement.js';
import type { KeptWindow } from '../view/kept-window.js';

/** What the calls read from. */
export interface QueryDeps {
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly rules: RulesBook;
  readonly window: KeptWindow;
  readonly progress: Progress;
  readonly conversations: Conversations;
  /** Throws NOT_OWNER where another process projects the conversation. */
  readonly projectorOf: (app: string, conversation: string) => PartitionProjector;
}

/** A conversation as it stands, and what a viewer may see of it. */
export interface Seen {
  readonly held: HeldConversation;
  readonly entitlement: Entitlement;
}

/** The conversation once its head is at least there; rejects with NOT_OWNER and TIMEOUT. */
async function conversationAt(deps: QueryDeps, app: string, conversation: string, atLeastSeq = 0): Promise<HeldConversation> {
  const projector = deps.projectorOf(app, conversation);
  const held = await deps.conversations.get(app, conversation);
  if (held.row.headSeq >= atLeastSeq) return held;
  const get = (): Promise<HeldConversation> => deps.conversations.get(app, conversation);
  await deps.progress.until(projector, async () => (await get()).row.headSeq >= atLeastSeq);
  return get();
}

/** What is asked for: a conversation, as this viewer sees it. */
interface View {
  readonly app: string;
  readonly conversation: string;
  readonly viewer: string;
  readonly atLeastSeq?: number;
}

/** The same with what the viewer may see, up to what is durable by now; rejects with CONVERSATION_NOT_FOUND for strangers. */
export async function seenBy(deps: QueryDeps, view: View): Promise<Seen> {
  await deps.progress.fresh(deps.projectorOf(view.app, view.conversation));
  return seenSoFar(deps, view);
}

/** The same without a look at the log: for routers, who know themselves how far it goes. */
export async function seenSoFar(deps: QueryDeps, { app, conversation, viewer, atLeastSeq }: View): Promise<Seen> {
  const held = await conversationAt(deps, app, conversation, atLeastSeq);
  return { held, entitlement: await entitlementOf(deps, held, viewer) };
}
