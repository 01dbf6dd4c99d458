import { decodeTimelineBatch } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { parseConversation } from '@parley/kernel';
import { type AcceptedRecord, followOwned, type OwnedPosition, startOfLog } from '@parley/ownedlog';
import type { UnreachedRow } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent } from '@parley/wire';
import { GroupMembers } from './group-members.js';
import type { PushDeps } from './ports.js';
import { awayAmong } from './presence.js';

interface Addressed {
  readonly app: string;
  readonly user: string;
  readonly event: ConversationEvent;
}

/** Follows one partition of the timeline and notes whom its messages did not reach. */
export class UnreachedFinder {
  readonly #partition: number;
  readonly #deps: PushDeps;
  readonly #groups: GroupMembers;

  constructor(partition: number, deps: PushDeps) {
    this.#partition = partition;
    this.#deps = deps;
    this.#groups = new GroupMembers(deps.history);
  }

  async run(signal: AbortSignal): Promise<void> {
    const from = (await this.#deps.store.checkpoint(this.#partition)) ?? startOfLog;
    const onRecords = (records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> => this.#note(records, position);
    await followOwned(this.#deps, { topic: topics.timeline, partition: this.#partition, from, signal, onRecords });
  }

  async #note(records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> {
    const addressed: Addressed[] = [];
    for (const record of records) {
      if (record.payload.length === 0) continue;
      for (const { app, event } of decodeTimelineBatch(record.payload).entries) {
        for (const user of await this.#addresseesOf(app, decodeConversationEvent(event), record.offset)) addressed.push(user);
      }
    }
    const rows = await this.#unreached(addressed);
    await this.#deps.store.apply(this.#partition, { offset: position.offset - 1, rows, checkpoint: position });
  }

  /** Everybody but the sender, in 1:1 conversations and groups. Rooms reach who is there. */
  async #addresseesOf(app: string, event: ConversationEvent, offset: number): Promise<readonly Addressed[]> {
    const conversation = parseConversation(event.conversation);
    if (!conversation.ok || conversation.value.type === 'room') return [];
    if (event.body?.type === 'membership') {
      this.#groups.apply(app, event.conversation, event.body.value);
      return [];
    }
    const { value } = conversation;
    const users = value.type === 'user' ? new Set<string>(value.users) : await this.#groups.of(app, value.id, offset + 1);
    return [...users].filter((user) => user !== event.sender).map((user) => ({ app, user, event }));
  }

  async #unreached(addressed: readonly Addressed[]): Promise<readonly UnreachedRow[]> {
    const usersByApp = new Map<string, Set<string>>();
    for (const { app, user } of addressed) usersByApp.set(app, (usersByApp.get(app) ?? new Set()).add(user));
    const awayByApp = new Map<string, ReadonlySet<string>>();
    for (const [app, users] of usersByApp) awayByApp.set(app, await awayAmong(this.#deps.router, app, users));
    const rows = new Map<string, UnreachedRow>();
    for (const { app, user, event } of addressed) {
      if (awayByApp.get(app)?.has(user) !== true) continue;
      const { conversation, seq, timeMs } = event;
      const key = `${app}/${user}/${conversation}`;
      const before = rows.get(key) ?? (await this.#deps.store.unreachedIn(app, user, conversation));
      if (before !== undefined && before.seq >= seq) continue;
      rows.set(key, { app, user, conversation, seq, timeMs, count: (before?.count ?? 0) + 1 });
    }
    return [...rows.values()];
  }
}
