/** Users of a leaf, sorted, and for each the number that grows with every join. */
interface Leaf {
  readonly users: readonly string[];
  readonly joins: readonly number[];
}

const leafSizeMax = 512;
/** Neighbours are joined below this, so that a shrinking set sheds its leaves. */
const mergedSizeMax = leafSizeMax / 2;

/**
 * An immutable set of users that remembers who joined first. A change copies one leaf and the list of
 * leaves, not the members: with 100 000 of them a change moves some 10 KiB, and older versions stay valid
 * (for a decision that is not committed yet, a snapshot, a reader).
 */
export class MemberSet {
  static readonly empty: MemberSet = new MemberSet([], 0, 0);

  readonly size: number;
  readonly #leaves: readonly Leaf[];
  readonly #nextJoin: number;

  private constructor(leaves: readonly Leaf[], size: number, nextJoin: number) {
    this.#leaves = leaves;
    this.size = size;
    this.#nextJoin = nextJoin;
  }

  /** The set of the users, who join in the given order; repeated users count once. */
  static of(users: Iterable<string>): MemberSet {
    const joins = new Map<string, number>();
    for (const user of users) if (!joins.has(user)) joins.set(user, joins.size);
    const sorted = [...joins.keys()].sort();
    const leaves: Leaf[] = [];
    for (let at = 0; at < sorted.length; at += mergedSizeMax) {
      const part = sorted.slice(at, at + mergedSizeMax);
      leaves.push({ users: part, joins: part.map((user) => joins.get(user) ?? 0) });
    }
    return new MemberSet(leaves, sorted.length, sorted.length);
  }

  has(user: string): boolean {
    const users = this.#leaves[this.#leafOf(user)]?.users;
    return users !== undefined && users[firstAtLeast(users, user)] === user;
  }

  /** The set with the user, who joins last; the same set when the user is in it. */
  with(user: string): MemberSet {
    const index = this.#leafOf(user);
    const leaf = this.#leaves[index];
    if (leaf === undefined) return new MemberSet([{ users: [user], joins: [this.#nextJoin] }], 1, this.#nextJoin + 1);
    const at = firstAtLeast(leaf.users, user);
    if (leaf.users[at] === user) return this;
    const grown: Leaf = {
      users: leaf.users.toSpliced(at, 0, user),
      joins: leaf.joins.toSpliced(at, 0, this.#nextJoin),
    };
    const leaves = this.#leaves.toSpliced(index, 1, ...(grown.users.length > leafSizeMax ? halves(grown) : [grown]));
    return new MemberSet(leaves, this.size + 1, this.#nextJoin + 1);
  }

  /** The set without the user; the same set when the user is not in it. */
  without(user: string): MemberSet {
    const index = this.#leafOf(user);
    const leaf = this.#leaves[index];
    if (leaf === undefined) return this;
    const at = firstAtLeast(leaf.users, user);
    if (leaf.users[at] !== user) return this;
    const rest: Leaf = { users: leaf.users.toSpliced(at, 1), joins: leaf.joins.toSpliced(at, 1) };
    return new MemberSet(withShrunkLeaf(this.#leaves, index, rest), this.size - 1, this.#nextJoin);
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
    for (const { users, joins } of this.#leaves) {
      for (let i = 0; i < users.length; i++) {
        const join = joins[i] ?? Infinity;
        if (join >= firstJoin) continue;
        firstJoin = join;
        first = users[i];
      }
    }
    return first;
  }

  /**
   * Up to `limit` users behind `after` ('' for the first) in the order of their ids: an order in which a
   * page stays right while others come and go.
   */
  page(after: string, limit: number): readonly string[] {
    const page: string[] = [];
    for (let index = this.#leafOf(after); index < this.#leaves.length && page.length < limit; index++) {
      const users = this.#leaves[index]?.users ?? [];
      const at = firstAtLeast(users, after);
      const from = users[at] === after ? at + 1 : at;
      page.push(...users.slice(from, from + limit - page.length));
    }
    return page;
  }

  /** All members, the longest first. */
  inJoinOrder(): readonly string[] {
    const joined: { readonly user: string; readonly join: number }[] = [];
    for (const { users, joins } of this.#leaves) {
      for (const [i, user] of users.entries()) joined.push({ user, join: joins[i] ?? 0 });
    }
    return joined.sort((a, b) => a.join - b.join).map(({ user }) => user);
  }

  /** The only leaf that may hold the user: the last one that starts at or before it. */
  #leafOf(user: string): number {
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#leaves[middle]?.users[0] ?? '') <= user) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first user that is not before the given one. */
function firstAtLeast(users: readonly string[], user: string): number {
  let low = 0;
  let high = users.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((users[middle] ?? '') < user) low = middle + 1;
    else high = middle;
  }
  return low;
}

function halves({ users, joins }: Leaf): readonly [Leaf, Leaf] {
  const middle = users.length >>> 1;
  return [
    { users: users.slice(0, middle), joins: joins.slice(0, middle) },
    { users: users.slice(middle), joins: joins.slice(middle) },
  ];
}

function withShrunkLeaf(leaves: readonly Leaf[], index: number, leaf: Leaf): readonly Leaf[] {
  if (leaf.users.length === 0) return leaves.toSpliced(index, 1);
  const next = leaves[index + 1];
  if (next === undefined || leaf.users.length + next.users.length > mergedSizeMax) return leaves.with(index, leaf);
  const merged: Leaf = { users: [...leaf.users, ...next.users], joins: [...leaf.joins, ...next.joins] };
  return leaves.toSpliced(index, 2, merged);
}
