import type { MembershipChange } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';

interface Members {
  /** Undefined: more than are looked at for each message. */
  readonly users: ReadonlySet<string> | undefined;
  readonly version: number;
}

/**
 * Members of groups as the timeline goes on: read from history once, then kept by the notices that pass. Of groups with
 * more than `membersTracked` only that is remembered.
 */
export class GroupMembers {
  readonly #history: PushDeps['history'];
  readonly #groups = new LRUCache<string, Members>({ max: pushLimits.groupsCached });

  constructor(history: PushDeps['history']) {
    this.#history = history;
  }

  /** Members as of the timeline offset, or later; undefined for a group that is too large to look at each of them. */
  async of(app: string, conversation: string, atLeastOffset: number): Promise<ReadonlySet<string> | undefined> {
    const key = `${app}/${conversation}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known.users;
    const { members, membershipVersion } = await this.#history.getConversation({ app, conversation, atLeastOffset });
    const read = { users: tracked(new Set(members)), version: membershipVersion };
    this.#groups.set(key, read);
    return read.users;
  }

  /** Sets that were handed out before stay as they are. */
  apply(app: string, conversation: string, change: MembershipChange): void {
    const key = `${app}/${conversation}`;
    const known = this.#groups.get(key);
    if (known === undefined || change.version <= known.version) return;
    const { version } = change;
    if (known.users === undefined && !change.closed) {
      // Who is left of a group that has become small is read anew.
      if (change.memberCount > 0 && change.memberCount <= pushLimits.membersTracked) this.#groups.delete(key);
      else this.#groups.set(key, { users: undefined, version });
      return;
    }
    const users = new Set(change.closed ? [] : known.users);
    for (const user of change.left) users.delete(user);
    if (!change.closed) for (const user of change.joined) users.add(user);
    this.#groups.set(key, { users: tracked(users), version });
  }
}

const tracked = (users: ReadonlySet<string>): ReadonlySet<string> | undefined =>
  users.size > pushLimits.membersTracked ? undefined : users;
