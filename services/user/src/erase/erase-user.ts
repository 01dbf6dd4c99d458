import type { EraseUserResponseInit } from '@parley/contracts/user';
import { type AppId, conversationOfUsers, ParleyError, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { UserEvents } from '../events.js';
import { userLimits } from '../limits.js';
import type { UserDeps } from '../ports.js';
import { ConversationEraser } from './conversation-eraser.js';
import { eraseConversations } from './erase-conversations.js';
import { eraseGroupRequests } from './erase-group-requests.js';
import { eraseRelations } from './erase-relations.js';
import type { ErasureBook, ErasurePlace } from './erasure-book.js';

export type EraseDeps = UserDeps & { readonly events: UserEvents; readonly book: ErasureBook };

/** Who is erased, and what the parts of it share. */
export interface Erasure {
  readonly app: AppId;
  readonly user: UserId;
  readonly place: ErasurePlace;
  readonly eraser: ConversationEraser;
  /** Whether this call has worked for as long as one may. */
  readonly isTurnOver: () => boolean;
  readonly call: CallOptions;
}

type Part = readonly [name: string, erase: (deps: EraseDeps, erasure: Erasure) => Promise<boolean>];

/** Sessions first, so that the user's devices add nothing. */
const parts: readonly Part[] = [
  ['sessions', ({ gateway }, { app, user, call }) => isDone(gateway.disconnect({ app, user, reason: 'erased' }, call))],
  ['profile', ({ router }, erasure) => isDone(eraseProfile(router, erasure))],
  ['relations', eraseRelations],
  ['conversations', eraseConversations],
  ['group requests', eraseGroupRequests],
  ['files', ({ media }, { app, user, call }) => isDone(media.eraseMedia({ app, user }, call))],
];

/**
 * Removes everything of a user, as far as one turn reaches. Every part may be repeated without harm, so a call that was
 * cut off, or found something unavailable, is made up for by the next one.
 */
export async function eraseUser(
  deps: EraseDeps,
  { app, user }: { readonly app: AppId; readonly user: UserId },
  call: CallOptions,
): Promise<EraseUserResponseInit> {
  const { clock, router, events, book } = deps;
  const endMs = clock.monotonic() + userLimits.eraseTurnMs;
  const span = Math.floor(clock.now() / userLimits.eraseSpanMs);
  const name = `${app}/${user}/${span}`;
  const place = book.placeOf(name);
  const eraser = new ConversationEraser(router, { app, user, span, call });
  const erasure = { app, user, place, eraser, call, isTurnOver: () => clock.monotonic() >= endMs };
  let isComplete = true;
  for (const part of parts) isComplete = (await isErased(deps, erasure, part)) && isComplete;
  if (isComplete) {
    book.forget(name);
    events.erased(app, place.erased);
  }
  return { isComplete, conversations: place.erased };
}

/** What is unavailable is left to the next call; a refusal that would come again and again is thrown. */
async function isErased(deps: EraseDeps, erasure: Erasure, [name, erase]: Part): Promise<boolean> {
  try {
    return await erase(deps, erasure);
  } catch (thrown) {
    if (ParleyError.from(thrown).spec.retry === 'never') throw thrown;
    deps.events.erasing(erasure.app, name, thrown);
    return false;
  }
}

const isDone = async (work: Promise<unknown>): Promise<boolean> => {
  await work;
  return true;
};

async function eraseProfile(router: UserDeps['router'], { app, user, call }: Erasure): Promise<void> {
  const act = { kind: { type: 'profile', value: { isErased: true } } } as const;
  await router.act({ app, conversation: conversationOfUsers(user, user), act }, call);
}
