import { PersistentMap } from './persistent-map.js';

/** Joins per millisecond that keep their time; ms × 1024 stays below 2^53 until the year 2248. */
const joinsPerMs = 1_024;

/**
 * An immutable set of users that remembers who joined first. Like the map that it rests on it copies little
 * when it changes, and older versions stay valid.
 */
export class MemberSet {
  static readonly empty: MemberSet = new MemberSet(PersistentMap.empty(), 0);

  /** For each user a number that grows with every join; where joins have times, those times `joinsPerMs`, or a little more. */
  readonly #joins: PersistentMap<number>;
  readonly #nextJoin: number;

  private constructor(joins: PersistentMap<number>, nextJoin: number) {
    this.#joins = joins;
    this.#nextJoin = nextJoin;
  }

  /** The set of the users, who join in the given order, all at the same time if one is given; repeated users count once. */
  static of(users: Iterable<string>, timeMs = 0): MemberSet {
    return MemberSet.since(Array.from(users, (user) => [user, timeMs]));
  }

  /** The set of the users, who join in the given order at times that do not go back, milliseconds since 1970 (UTC). */
  static since(users: Iterable<readonly [user: string, timeMs: number]>): MemberSet {
    const joins = new Map<string, number>();
    let next = 0;
    for (const [user, timeMs] of users) {
      if (joins.has(user)) continue;
      next = Math.max(next, timeMs * joinsPerMs);
      joins.set(user, next++);
    }
    return new MemberSet(PersistentMap.of(joins), next);
  }

  get size(): number {
    return this.#joins.size;
  }

  has(user: string): boolean {
    return this.#joins.has(user);
  }

  /** When the user joined, milliseconds since 1970 (UTC); 0 for who is not in it. Means nothing where joins have no times. */
  sinceMs(user: string): number {
    return timeOf(this.#joins.get(user) ?? 0);
  }

  /** The set with the user, who joins last; the same set when the user is in it. */
  with(user: string, timeMs = 0): MemberSet {
    if (this.has(user)) return this;
    const join = Math.max(this.#nextJoin, timeMs * joinsPerMs);
    return new MemberSet(this.#joins.with(user, join), join + 1);
  }

  /** The set without the user; the same set when the user is not in it. */
  without(user: string): MemberSet {
    const joins = this.#joins.without(user);
    return joins === this.#joins ? this : new MemberSet(joins, this.#nextJoin);
  }

  withAll(users: readonly string[], timeMs = 0): MemberSet {
    return users.reduce<MemberSet>((set, user) => set.with(user, timeMs), this);
  }

  withoutAll(users: readonly string[]): MemberSet {
    return users.reduce<MemberSet>((set, user) => set.without(user), this);
  }

  /** Who has been in it for the longest time; reads all members. */
  longest(): string | undefined {
    return earliest(this.#joins.entries());
  }

  /** Who of the users has been in it for the longest time; undefined when none of them is in it. */
  longestOf(users: Iterable<string>): string | undefined {
    const joins: [string, number][] = [];
    for (const user of users) {
      const join = this.#joins.get(user);
      if (join !== undefined) joins.push([user, join]);
    }
    return earliest(joins);
  }

  /**
   * Up to `limit` users behind `after` ('' for the first) in the order of their ids: an order in which a
   * page stays right while others come and go.
   */
  page(after: string, limit: number): readonly string[] {
    return this.#joins.keysAfter(after, limit);
  }

  /** All members, the longest first. */
  inJoinOrder(): readonly string[] {
    return this.#sorted().map(([user]) => user);
  }

  /** All members, the longest first, and when they joined. */
  withTimes(): readonly (readonly [user: string, timeMs: number])[] {
    return this.#sorted().map(([user, join]) => [user, timeOf(join)]);
  }

  #sorted(): readonly (readonly [string, number])[] {
    return [...this.#joins.entries()].sort(([, a], [, b]) => a - b);
  }
}

const timeOf = (join: number): number => Math.floor(join / joinsPerMs);

function earliest(joins: Iterable<readonly [user: string, join: number]>): string | undefined {
  let first: string | undefined;
  let firstJoin = Infinity;
  for (const [user, join] of joins) {
    if (join >= firstJoin) continue;
    firstJoin = join;
    first = user;
  }
  return first;
}
