import { PersistentMap } from './persistent-map.js';

/**
 * An immutable set of users that remembers who joined first. Like the map that it rests on it copies little
 * when it changes, and older versions stay valid.
 */
export class MemberSet {
  static readonly empty: MemberSet = new MemberSet(PersistentMap.empty(), 0);

  /** For each user the number that grows with every join. */
  readonly #joins: PersistentMap<number>;
  readonly #nextJoin: number;

  private constructor(joins: PersistentMap<number>, nextJoin: number) {
    this.#joins = joins;
    this.#nextJoin = nextJoin;
  }

  /** The set of the users, who join in the given order; repeated users count once. */
  static of(users: Iterable<string>): MemberSet {
    const joins = new Map<string, number>();
    for (const user of users) if (!joins.has(user)) joins.set(user, joins.size);
    return new MemberSet(PersistentMap.of(joins), joins.size);
  }

  get size(): number {
    return this.#joins.size;
  }

  has(user: string): boolean {
    return this.#joins.has(user);
  }

  /** The set with the user, who joins last; the same set when the user is in it. */
  with(user: string): MemberSet {
    return this.has(user) ? this : new MemberSet(this.#joins.with(user, this.#nextJoin), this.#nextJoin + 1);
  }

  /** The set without the user; the same set when the user is not in it. */
  without(user: string): MemberSet {
    const joins = this.#joins.without(user);
    return joins === this.#joins ? this : new MemberSet(joins, this.#nextJoin);
  }

  withAll(users: readonly string[]): MemberSet {
    return users.reduce<MemberSet>((set, user) => set.with(user), this);
  }

  withoutAll(users: readonly string[]): MemberSet {
    return users.reduce<MemberSet>((set, user) => set.without(user), this);
  }

  /** Who has been in it for the longest time; reads all members. */
  longest(): string | undefined {
    let first: string | undefined;
    let firstJoin = Infinity;
    for (const [user, join] of this.#joins.entries()) {
      if (join >= firstJoin) continue;
      firstJoin = join;
      first = user;
    }
    return first;
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
    return [...this.#joins.entries()].sort(([, a], [, b]) => a - b).map(([user]) => user);
  }
}
