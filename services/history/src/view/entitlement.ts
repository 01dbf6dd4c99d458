import { decodeMemberState, type MemberState } from '@parley/contracts/history-rows';
import { parseConversation, ParleyError } from '@parley/kernel';
import type { HistoryStore, MembershipSpan } from '@parley/store';
import { HistoryAccess } from '@parley/wire';
import { isOpen } from '../project/spans.js';
import { memberStateKey } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { noState, spansOf } from '../rows/member-state.js';
import { isRoom, type KeptWindow } from './kept-window.js';

/** What one viewer may see of a conversation. */
export interface Entitlement {
  /** Empty: the back end. */
  readonly viewer: string;
  /** In order, without overlaps; the last may be empty and then says where it would begin. */
  readonly spans: readonly Required<MembershipSpan>[];
  readonly isMember: boolean;
  /** First seq of the present membership; 0 when there is none. */
  readonly memberSinceSeq: number;
  /** What the viewer has of the conversation; empty for back ends and in rooms. */
  readonly state: MemberState;
}

export interface EntitlementDeps {
  readonly store: HistoryStore;
  readonly window: KeptWindow;
}

/**
 * What falls into the viewer's memberships, is still kept and was not cleared by them; everything for back ends.
 * Throws CONVERSATION_NOT_FOUND for a conversation that the viewer has never been in, whether it exists or not, and
 * for a room that the viewer is not in now.
 */
export async function entitlementOf(deps: EntitlementDeps, held: HeldConversation, viewer: string): Promise<Entitlement> {
  const { app, conversation } = held.row;
  if (viewer === '') return everything(held, { viewer, firstSeq: await deps.window.firstSeqOf(held), state: noState });
  if (isRoom(conversation)) return entitlementInRoom(deps, held, viewer);
  const value = await deps.store.detail(memberStateKey(app, viewer, conversation));
  const entitlement = await entitlementOfState(deps, held, { viewer, state: value === undefined ? noState : decodeMemberState(value) });
  if (entitlement === undefined) throw new ParleyError('CONVERSATION_NOT_FOUND');
  return entitlement;
}

/** The same for who has this state of a conversation of two or of a group; undefined where there is nothing to see. */
export async function entitlementOfState(
  { window }: EntitlementDeps,
  held: HeldConversation,
  { viewer, state }: { readonly viewer: string; readonly state: MemberState },
): Promise<Entitlement | undefined> {
  const { conversation, headSeq, closed, historyAccess } = held.row;
  const parsed = parseConversation(conversation);
  if (!parsed.ok) throw ParleyError.of(parsed.error);
  const isPair = parsed.value.type === 'user';
  if (parsed.value.type === 'user' && !parsed.value.users.some((user) => user === viewer)) return undefined;
  const spans = spansOf(state);
  if (!isPair && spans.length === 0) return undefined;
  const firstSeq = Math.max(await window.firstSeqOf(held), (state.settings?.clearedSeq ?? 0) + 1);
  if (isPair) return everything(held, { viewer, firstSeq, state });
  const isMember = isOpen(spans) && !closed;
  const memberSinceSeq = isMember ? (spans.at(-1)?.from ?? 0) : 0;
  const visible = historyAccess === HistoryAccess.FROM_START ? [{ from: 1, to: spans.at(-1)?.to ?? headSeq }] : spans;
  return { viewer, spans: clip(visible, firstSeq, headSeq), isMember, memberSinceSeq, state };
}

async function entitlementInRoom({ store, window }: EntitlementDeps, held: HeldConversation, viewer: string): Promise<Entitlement> {
  const { app, conversation, headSeq, closed, historyAccess } = held.row;
  const spans = (await store.member(app, conversation, viewer))?.spans;
  if (spans === undefined || !isOpen(spans) || closed) throw new ParleyError('CONVERSATION_NOT_FOUND');
  const memberSinceSeq = spans.at(-1)?.from ?? 0;
  const firstSeq = await window.firstSeqOf(held);
  if (historyAccess === HistoryAccess.RECENT) return { ...everything(held, { viewer, firstSeq, state: noState }), memberSinceSeq };
  return { viewer, spans: clip(spans, firstSeq, headSeq), isMember: true, memberSinceSeq, state: noState };
}

const everything = (
  { row }: HeldConversation,
  { viewer, firstSeq, state }: { readonly viewer: string; readonly firstSeq: number; readonly state: MemberState },
): Entitlement => ({ viewer, spans: [{ from: firstSeq, to: row.headSeq }], isMember: true, memberSinceSeq: 1, state });

/** The parts of spans that lie within what is kept; the last stays although it is empty. */
function clip(spans: readonly MembershipSpan[], firstSeq: number, headSeq: number): readonly Required<MembershipSpan>[] {
  const clipped = spans.map(({ from, to }) => ({ from: Math.max(from, firstSeq), to: to ?? headSeq }));
  return clipped.filter(({ from, to }, i) => from <= to || i === clipped.length - 1);
}

/** First and last seq of an entitlement; 0 and 0 when there is nothing to see. */
export function boundsOf({ spans }: Entitlement): { readonly firstSeq: number; readonly headSeq: number } {
  return { firstSeq: spans[0]?.from ?? 0, headSeq: spans.at(-1)?.to ?? 0 };
}

/** Whether a seq lies in what the viewer may see. */
export const mayRead = ({ spans }: Entitlement, seq: number): boolean => spans.some(({ from, to }) => seq >= from && seq <= to);

/** Whether the viewer may know what an event has done to older messages: who has left may not, where it came after that. */
export const mayKnow = (entitlement: Entitlement, seq: number): boolean => entitlement.isMember || mayRead(entitlement, seq);
