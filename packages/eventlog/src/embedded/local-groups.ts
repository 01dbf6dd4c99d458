import type { JoinOptions } from '../port.js';

interface Member {
  readonly options: JoinOptions;
  readonly fail: (error: unknown) => void;
  partitions: readonly number[];
}

interface Group {
  readonly partitionCount: number;
  readonly members: Member[];
  isDue: boolean;
}

/**
 * Shares out partition numbers among the members that live in this process: evenly, moving as few as
 * possible, and telling those who lose a number before the one who gains it.
 */
export class LocalGroups {
  readonly #groups = new Map<string, Group>();

  /** Resolves when the signal is aborted; rejects when `onAssigned` throws or the group has another partition count. */
  async join(partitionCount: number, options: JoinOptions): Promise<void> {
    if (options.signal.aborted) return;
    const group = this.#groups.get(options.group) ?? { partitionCount, members: [], isDue: false };
    if (group.partitionCount !== partitionCount) {
      throw new Error(`group ${options.group} shares ${group.partitionCount} partitions, not ${partitionCount}`);
    }
    this.#groups.set(options.group, group);
    await new Promise<void>((resolve, reject) => {
      const member: Member = {
        options,
        partitions: [],
        fail: (error) => {
          options.signal.removeEventListener('abort', leave);
          this.#leave(group, member);
          reject(error);
        },
      };
      const leave = (): void => {
        this.#leave(group, member);
        resolve();
      };
      options.signal.addEventListener('abort', leave, { once: true });
      group.members.push(member);
      this.#schedule(group);
    });
  }

  /** Ends every membership with an error, without assigning anything to anybody. */
  close(error: Error): void {
    const groups = [...this.#groups.values()];
    this.#groups.clear();
    for (const group of groups) {
      group.isDue = true;
      for (const member of [...group.members]) member.fail(error);
    }
  }

  #leave(group: Group, member: Member): void {
    const index = group.members.indexOf(member);
    if (index < 0) return;
    group.members.splice(index, 1);
    if (group.members.length > 0) this.#schedule(group);
    else if (this.#groups.get(member.options.group) === group) this.#groups.delete(member.options.group);
  }

  /** Members that come or go in one turn of the event loop cause one re-assignment. */
  #schedule(group: Group): void {
    if (group.isDue) return;
    group.isDue = true;
    queueMicrotask(() => {
      group.isDue = false;
      this.#assign(group);
    });
  }

  #assign(group: Group): void {
    const next = shareOut(
      group.partitionCount,
      group.members.map((member) => member.partitions),
    );
    const changes = group.members.map((member, index) => ({ member, before: member.partitions, now: next[index] ?? [] }));
    changes.sort((a, b) => a.now.length - a.before.length - (b.now.length - b.before.length));
    for (const { member, now } of changes) member.partitions = now;
    for (const { member, before, now } of changes) {
      // A callback may have made a member leave, or have caused the next assignment already.
      if (!group.members.includes(member) || member.partitions !== now || isSame(before, now)) continue;
      try {
        member.options.onAssigned(now);
      } catch (error) {
        member.fail(error);
      }
    }
  }
}

/**
 * The numbers below `count`, shared out over as many members as there are lists in `held`; shares differ by
 * at most one and everybody keeps as much as possible of what they hold.
 */
function shareOut(count: number, held: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const shares = held.map(() => [] as number[]);
  if (held.length === 0) return shares;
  const free = new Set(Array.from({ length: count }, (_, number) => number));
  const least = Math.floor(count / held.length);
  let larger = count % held.length;
  held.forEach((numbers, index) => {
    const share = shares[index] ?? [];
    const size = numbers.length > least && larger > 0 ? least + 1 : least;
    if (size > least) larger -= 1;
    for (const number of numbers.slice(0, size)) if (free.delete(number)) share.push(number);
  });
  const rest = free.values();
  for (const share of shares) {
    const isLarger = share.length <= least && larger > 0;
    if (isLarger) larger -= 1;
    const size = isLarger ? least + 1 : least;
    while (share.length < size) {
      const { value, done } = rest.next();
      if (done === true) break;
      share.push(value);
    }
    share.sort((a, b) => a - b);
  }
  return shares;
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length > 0 && a.length === b.length && a.every((number, index) => number === b[index]);
}
