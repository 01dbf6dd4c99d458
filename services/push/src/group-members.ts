import type { MembershipChange } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';

interface Members {
  readonly users: Set<string>;
  version: number;
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

  apply(app: string, conversation: string, change: MembershipChange): void {
    const known = this.#groups.get(`${app}/${conversation}`);
    if (known === undefined || change.version <= known.version) return;
    known.version = change.version;
    for (const user of change.left) known.users.delete(user);
    for (const user of change.joined) known.users.add(user);
    if (change.closed) known.users.clear();
  }
}
