import type { Clock } from '@parley/kernel';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import type { ConversationList } from '../live/conversation-list.js';
import type { LiveDeps } from '../live/live-messages.js';
import { OwnView } from '../live/own-view.js';
import type { Unsent } from '../live/unsent.js';
import type { LocalStore } from './local-store.js';
import { StoreKeeper } from './store-keeper.js';
import type { StoreBounds } from './store-limits.js';

interface StoreOptions {
  readonly localStore?: LocalStore;
  readonly storeLimits?: StoreBounds;
  readonly user?: string;
  readonly clock?: Clock;
}

/** What works with the local store of the options, if there is one. Throws INVALID_ARGUMENT when it does not say whose it is. */
export function keeperOf({ localStore, storeLimits, user, clock }: StoreOptions): StoreKeeper | undefined {
  if (localStore === undefined) return undefined;
  if (user === undefined || user === '') throw ParleyClientError.of('INVALID_ARGUMENT', 'a local store needs options.user');
  return new StoreKeeper({ store: localStore, user, ...(clock && { clock }), ...(storeLimits && { bounds: storeLimits }) });
}

/** What live collections are made of. */
export function liveDepsOf(parts: {
  readonly parts: ClientParts;
  readonly unsent: Unsent;
  readonly list: ConversationList;
  readonly keeper: StoreKeeper | undefined;
}): LiveDeps {
  const { unsent, list, keeper } = parts;
  return {
    parts: parts.parts,
    unsent,
    ownView: new OwnView(parts.parts),
    kept: async (conversation) => keeper?.events(conversation),
    keep: (conversation, page) => keeper?.takePage(conversation, page),
    gone: (conversation) => keeper?.drop(conversation),
    destroyAfterMs: (conversation) => list.find(conversation)?.destroyAfterMs ?? 0,
  };
}
