import type { AggregateName, PartitionCompanion, PartitionView } from '@parley/aggregates';
import type { GroupEvent } from '@parley/contracts/events';
import type { Group, GroupCommand } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import { RequestState } from '@parley/wire';

/** In which groups of one partition a request is about a user: else each question would have to look into all of them. */
class RequestIndex {
  /** Users by group, and groups by user. */
  readonly #users = new Map<string, ReadonlySet<string>>();
  readonly #groups = new Map<string, Map<string, AggregateName>>();

  /** Takes the requests of a group as they are now. What expires stays until the group's requests change. */
  set(name: AggregateName, group: Group): void {
    const { app, conversation } = name;
    const key = `${app}/${conversation}`;
    const before = this.#users.get(key) ?? nobody;
    const asked = askedIn(group);
    for (const user of before) if (!asked.has(user)) this.#remove(`${app}/${user}`, key);
    for (const user of asked) if (!before.has(user)) this.#add(`${app}/${user}`, key, name);
    if (asked.size === 0) this.#users.delete(key);
    else this.#users.set(key, asked);
  }

  groupsOf(app: string, user: string): Iterable<AggregateName> {
    return this.#groups.get(`${app}/${user}`)?.values() ?? [];
  }

  #add(user: string, key: string, name: AggregateName): void {
    const groups = this.#groups.get(user);
    if (groups === undefined) this.#groups.set(user, new Map([[key, name]]));
    else groups.set(key, name);
  }

  #remove(user: string, key: string): void {
    const groups = this.#groups.get(user);
    groups?.delete(key);
    if (groups?.size === 0) this.#groups.delete(user);
  }
}

const nobody: ReadonlySet<string> = new Set();

function askedIn(group: Group): ReadonlySet<string> {
  if (group.type !== 'open' || group.requests.size === 0) return nobody;
  const asked = new Set<string>();
  for (const [user, { state }] of group.requests.entries()) if (state === RequestState.WAITING) asked.add(user);
  return asked;
}

/** The indexes of the partitions that this process owns. */
export class RequestIndexes {
  readonly #indexes = new Map<number, RequestIndex>();

  /** Follows a partition that was taken over. */
  open(view: PartitionView<Group, GroupCommand, GroupEvent>): PartitionCompanion<Group, GroupEvent> {
    const { partition } = view;
    const index = new RequestIndex();
    for (const [name, group] of view.aggregates()) index.set(name, group);
    this.#indexes.set(partition, index);
    return {
      committed: ({ name, state, events }) => {
        if (events.some(concernsRequests)) index.set(name, state);
      },
      close: async () => {
        this.#indexes.delete(partition);
      },
    };
  }

  /** The groups of a partition in which a request is about the user. Throws NOT_OWNER. */
  groupsOf(partition: number, app: string, user: string): Iterable<AggregateName> {
    const index = this.#indexes.get(partition);
    if (index === undefined) throw new ParleyError('NOT_OWNER', `group partition ${partition}`);
    return index.groupsOf(app, user);
  }
}

const concernsRequests = ({ change }: GroupEvent): boolean => change?.type === 'requested' || change?.type === 'dismissed';
