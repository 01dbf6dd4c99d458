import type { GetTargetRequest, GetTargetResponseInit } from '@parley/contracts/history';
import { threadOf } from '@parley/fold';
import { limits, ParleyError } from '@parley/kernel';
import { type ConversationEvent, decodeContent, decodeConversationEvent, Removal } from '@parley/wire';
import { blockOf, blockSpace, ownReactionKey } from '../rows/detail-keys.js';
import { boundsOf } from '../view/entitlement.js';
import { isMessage, present, type ShownEvent } from '../view/present.js';
import { readSeqs } from '../view/read-page.js';
import { checkFields, checkReaction } from './fields.js';
import { type QueryDeps, type Seen, seenSoFar } from './query-deps.js';

/** What a router must know of a message before something is done to it, as the user sees it who wants to do it. */
export async function getTarget(deps: QueryDeps, request: GetTargetRequest): Promise<GetTargetResponseInit> {
  const { app, conversation, seq, user, reaction } = request;
  checkFields({ app, conversation, viewer: user });
  checkReaction(reaction);
  const seen = await seenSoFar(deps, { ...request, viewer: user }).catch(unseen);
  if (seen === undefined) return { exists: false };
  if (seq === 0) return { exists: true, headSeq: boundsOf(seen.entitlement).headSeq };
  const rows = await readSeqs(deps, seen.held, { entitlement: seen.entitlement, seqs: [seq] });
  const [shown] = await present(deps, seen, rows);
  if (shown === undefined || shown.isWithheld || !isMessage(shown)) return { exists: false };
  const space = blockSpace(conversation, blockOf(seq));
  const own = reaction === '' ? undefined : await deps.store.detail({ app, space, key: ownReactionKey(user, seq, reaction) });
  return { ...factsOf(seen, shown, reaction), hasReacted: own !== undefined };
}

function factsOf({ held }: Seen, { event, state, seq }: ShownEvent, reaction: string): GetTargetResponseInit {
  const message = decodeConversationEvent(event);
  const reactions = state?.reactions ?? [];
  return {
    exists: true,
    sender: message.sender,
    timeMs: message.timeMs,
    rootSeq: threadOf(message),
    isRemoved: state !== undefined && state.removal !== Removal.UNSPECIFIED,
    isPinned: held.details.pins.some((pin) => pin.seq === seq),
    evictedPinSeq: held.details.pins[limits.pinsMax - 1]?.seq ?? 0,
    kind: kindOf(message),
    reactionKinds: reactions.length,
    isKnownReaction: reactions.some((count) => count.reaction === reaction),
    expiresMs: state?.expiresMs ?? 0,
    onlyTo: state?.onlyTo ?? [],
  };
}

/** Name of the kind of a message's content; empty where there is none. */
const kindOf = ({ body }: ConversationEvent): string => (body?.type === 'content' ? (decodeContent(body.value).kind?.type ?? '') : '');

function unseen(error: unknown): undefined {
  if (error instanceof ParleyError && error.error === 'CONVERSATION_NOT_FOUND') return undefined;
  throw error;
}
