import type { MembershipChange } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';

interface Members {
  readonly users: ReadonlySet<string>;
  readonly version: number;
}

/** Members of groups as the timeline goes on: read from history once, then kept by the notices that pass. */
export class GroupMembers {
  readonly #history: PushDeps['history'];
  readonly #groups = new LRUCache<string, Members>({ max: pushLimits.groupsCached });

  constructor(history: PushDeps['history']) {
    this.#history = history;
  }

  /** Members as of the timeline offset, or later. */
  async of(app: string, conversation: string, atLeastOffset: number): Promise<ReadonlySet<string>> {
    const key = `${app}/${conversation}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known.users;
    const { members, membershipVersion } = await this.#history.getConversation({ app, conversation, atLeastOffset });
    const read = { users: new Set(members), version: membershipVersion };
    this.#groups.set(key, read);
    return read.users;
  }

  /** Sets that were handed out before stay as they are. */
  apply(app: string, conversation: string, change: MembershipChange): void {
    const key = `${app}/${conversation}`;
    const known = this.#groups.get(key);
    if (known === undefined || change.version <= known.version) return;
    const users = new Set(change.closed ? [] : known.users);
    for (const user of change.left) users.delete(user);
    if (!change.closed) for (const user of change.joined) users.add(user);
    this.#groups.set(key, { users, version: change.version });
  }
}
