import type { ObservedChange, SeenAttribute } from './room-observations.js';

type Attributes = ReadonlyMap<string, SeenAttribute>;

/** What the changes of a room do, as the contract says it. */
export interface ChangeModel {
  /** Whose outcome nobody knows: each may have happened once, at any version. */
  readonly unanswered: readonly ObservedChange[];
  /** Who set this value. */
  setterOf(key: string, value: string): ObservedChange | undefined;
  /** The attributes after the change. */
  apply(before: Attributes, change: ObservedChange): Attributes;
  /** The attributes at version `to`; undefined when not all changes from `from` up to there are known. */
  afterAcknowledged(before: Attributes, from: number, to: number): Attributes | undefined;
}

export function changeModelOf(changes: readonly ObservedChange[]): ChangeModel {
  const byVersion = new Map<number, ObservedChange>();
  const setters = new Map<string, ObservedChange>();
  for (const change of changes) {
    if (change.outcome.type === 'ok') byVersion.set(change.outcome.version, change);
    for (const [key, value] of change.set) setters.set(`${key} ${value}`, change);
  }
  return {
    unanswered: changes.filter(({ outcome }) => outcome.type === 'unknown'),
    setterOf: (key, value) => setters.get(`${key} ${value}`),
    apply,
    afterAcknowledged: (before, from, to) => {
      let state = before;
      for (let version = from + 1; version <= to; version++) {
        const change = byVersion.get(version);
        if (change === undefined) return undefined;
        state = apply(state, change);
      }
      return state;
    },
  };
}

/** New keys belong to who sets them; those that were there keep their owner unless the change says otherwise. */
function apply(before: Attributes, { user, set, deleted, updateOwner, deleteOnLeave: isDeletedOnLeave }: ObservedChange): Attributes {
  const after = new Map(before);
  for (const key of deleted) after.delete(key);
  for (const [key, value] of set) after.set(key, { value, owner: updateOwner ? user : (before.get(key)?.owner ?? user), isDeletedOnLeave });
  return after;
}
