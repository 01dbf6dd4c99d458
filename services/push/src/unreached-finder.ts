import { decodeTimelineBatch } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import { parseConversation, sleep } from '@parley/kernel';
import { type AcceptedRecord, followOwned, type OwnedPosition, startOfLog } from '@parley/ownedlog';
import type { UnreachedRow } from '@parley/store';
import { type ConversationEvent, decodeConversationEvent } from '@parley/wire';
import { GroupMembers } from './group-members.js';
import { isCounted } from './is-counted.js';
import { pushLimits } from './limits.js';
import type { PushDeps } from './ports.js';
import { awayAmong } from './presence.js';

/** Messages of one conversation, while its members stayed the same. */
interface Traffic {
  readonly app: string;
  readonly conversation: string;
  readonly users: ReadonlySet<string>;
  readonly messages: Pick<ConversationEvent, 'sender' | 'seq' | 'timeMs'>[];
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
    const from = await this.#beginning();
    const { clock } = this.#deps;
    const onRecords = async (records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> => {
      await this.#note(records, position);
      // What comes meanwhile is looked at together.
      await sleep(clock, pushLimits.gatherMs, signal).catch(() => {});
    };
    await followOwned(this.#deps, { topic: topics.timeline, partition: this.#partition, from, signal, onRecords });
  }

  /** Where it stood last; where the log no longer reaches back to that, where a router begins that takes over. */
  async #beginning(): Promise<OwnedPosition> {
    const { store, log, history } = this.#deps;
    const known = (await store.checkpoint(this.#partition)) ?? startOfLog;
    const { start } = await log.range(topics.timeline, this.#partition);
    return known.offset >= start ? known : history.getCheckpoint({ partition: this.#partition });
  }

  async #note(records: readonly AcceptedRecord[], position: OwnedPosition): Promise<void> {
    const open = new Map<string, Traffic>();
    const all: Traffic[] = [];
    for (const record of records) {
      if (record.payload.length === 0) continue;
      for (const { app, event: encoded } of decodeTimelineBatch(record.payload).entries) {
        const event = decodeConversationEvent(encoded);
        const key = `${app}/${event.conversation}`;
        if (event.body?.type === 'membership') {
          this.#groups.apply(app, event.conversation, event.body.value);
          open.delete(key);
          continue;
        }
        if (!isCounted(event)) continue;
        const known = open.get(key);
        if (known !== undefined) {
          known.messages.push(event);
          continue;
        }
        const users = await this.#usersOf(app, event.conversation, record.offset);
        const traffic = { app, conversation: event.conversation, users, messages: [event] };
        open.set(key, traffic);
        all.push(traffic);
      }
    }
    const rows = await this.#unreached(all);
    await this.#deps.store.apply(this.#partition, { offset: position.offset - 1, rows, checkpoint: position });
  }

  /**
   * Both users of a 1:1 conversation, the members of a group; nobody in rooms, which reach who is there, and in large
   * groups, of which history tells what is unread.
   */
  async #usersOf(app: string, id: string, offset: number): Promise<ReadonlySet<string>> {
    const conversation = parseConversation(id);
    if (!conversation.ok || conversation.value.type === 'room') return nobody;
    const { value } = conversation;
    return value.type === 'user' ? new Set<string>(value.users) : ((await this.#groups.of(app, value.id, offset + 1)) ?? nobody);
  }

  async #unreached(all: readonly Traffic[]): Promise<readonly UnreachedRow[]> {
    const usersByApp = new Map<string, Set<string>>();
    for (const { app, users } of all) {
      const asked = usersByApp.get(app) ?? new Set();
      for (const user of users) asked.add(user);
      usersByApp.set(app, asked);
    }
    const awayByApp = new Map<string, ReadonlySet<string>>();
    for (const [app, users] of usersByApp) awayByApp.set(app, await awayAmong(this.#deps.router, app, users));
    const rows = new Map<string, UnreachedRow>();
    for (const traffic of all) {
      const away = awayByApp.get(traffic.app) ?? nobody;
      for (const user of traffic.users) if (away.has(user)) await this.#count(traffic, user, rows);
    }
    return [...rows.values()];
  }

  async #count({ app, conversation, messages }: Traffic, user: string, rows: Map<string, UnreachedRow>): Promise<void> {
    const key = `${app}/${user}/${conversation}`;
    const before = rows.get(key) ?? (await this.#deps.store.unreachedIn(app, user, conversation));
    const missed = messages.filter(({ sender, seq }) => sender !== user && seq > (before?.seq ?? 0));
    const newest = missed.at(-1);
    if (newest === undefined) return;
    rows.set(key, { app, user, conversation, seq: newest.seq, timeMs: newest.timeMs, count: (before?.count ?? 0) + missed.length });
  }
}

const nobody: ReadonlySet<string> = new Set();
