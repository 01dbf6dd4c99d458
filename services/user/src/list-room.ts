import type { RelationFacts } from '@parley/contracts/history';
import { limits, ParleyError, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import { type RelationChange, RelationKind } from '@parley/wire';
import { eachRelation } from './each-relation.js';
import { userLimits } from './limits.js';
import type { UserDeps } from './ports.js';

type Step = NonNullable<RelationChange['step']>;

interface StepOf {
  readonly app: string;
  readonly user: UserId;
  readonly step: Step;
}

/**
 * Whether there is room in the lists that a step makes longer: who has as many friends as one may have gets no more, on
 * either side. Counts are read, not locked: two calls at the same moment may exceed a limit by what both bring.
 */
export class ListRoom {
  readonly #history: UserDeps['history'];
  readonly #step: StepOf;
  readonly #call: CallOptions;
  /** How many may still come into the user's own list. */
  readonly #left: number;
  /** Whether the user may ask somebody new. */
  readonly #canAsk: boolean;

  private constructor(history: UserDeps['history'], step: StepOf, call: CallOptions, room: { left: number; canAsk: boolean }) {
    this.#history = history;
    this.#step = step;
    this.#call = call;
    this.#left = room.left;
    this.#canAsk = room.canAsk;
  }

  static async of({ history }: UserDeps, step: StepOf, call: CallOptions): Promise<ListRoom> {
    const kind = ownKindOf(step.step);
    const left = kind === undefined ? Number.POSITIVE_INFINITY : limitOf(kind) - (await countOf(history, { ...step, kind }, call));
    const canAsk = step.step.type !== 'ask' || !(await hasAskedEnough(history, step, call));
    return new ListRoom(history, step, call, { left, canAsk });
  }

  /** Of the others those for whom there is room in the user's own list, in their order. */
  admit(others: readonly UserId[], facts: ReadonlyMap<string, RelationFacts>): ReadonlySet<UserId> {
    let left = this.#left;
    const isThere = (other: UserId): boolean => {
      const view = facts.get(other)?.view;
      return this.#step.step.type === 'block' ? view?.isBlocked === true : view?.isFriend === true;
    };
    return new Set(others.filter((other) => isThere(other) || left-- > 0));
  }

  /** Throws LIMIT_REACHED where the user's own list has no room, or the other's, which the step makes longer as well. */
  async check(other: UserId, isAdmitted: boolean, facts: RelationFacts | undefined): Promise<void> {
    const { app, step } = this.#step;
    if (!isAdmitted) {
      const kind = ownKindOf(step) ?? RelationKind.FRIENDS;
      throw new ParleyError('LIMIT_REACHED', `${kind === RelationKind.BLOCKED ? 'blocked' : 'friends'}: at most ${limitOf(kind)}`);
    }
    const isNew = facts?.view?.sent === undefined && facts?.view?.received === undefined;
    if (!this.#canAsk && isNew) throw new ParleyError('LIMIT_REACHED', `requests: at most ${userLimits.requestsMax} in 7 days`);
    if (!befriends(step, facts) || facts?.view?.isBefriended === true) return;
    const count = await countOf(this.#history, { app, user: other, kind: RelationKind.FRIENDS }, this.#call);
    if (count >= limits.friendsMax) throw new ParleyError('LIMIT_REACHED', `friends of ${other}: at most ${limits.friendsMax}`);
  }
}

/** The list of the user that the step may make longer. A request counts already: who may not have the friend need not ask. */
function ownKindOf(step: Step): RelationKind | undefined {
  switch (step.type) {
    case 'add':
    case 'ask':
      return RelationKind.FRIENDS;
    case 'answer':
      return step.value.isAccepted ? RelationKind.FRIENDS : undefined;
    case 'block':
      return step.value.isOn ? RelationKind.BLOCKED : undefined;
    default:
      return undefined;
  }
}

/** Whether the other one may have a friend more afterwards: by a request only where the other has asked before. */
function befriends(step: Step, facts: RelationFacts | undefined): boolean {
  if (step.type === 'ask') return facts?.view?.received !== undefined;
  return (step.type === 'add' && !step.value.isOneSided) || (step.type === 'answer' && step.value.isAccepted);
}

const limitOf = (kind: RelationKind): number => (kind === RelationKind.BLOCKED ? limits.blockedMax : limits.friendsMax);

/** What others ask of the user does not count: nobody can keep somebody else from asking. */
async function hasAskedEnough(history: UserDeps['history'], { app, user }: StepOf, call: CallOptions): Promise<boolean> {
  const kind = RelationKind.REQUESTS;
  const { count } = await history.listRelations({ app, user, kind, limit: 1 }, call);
  if (count < userLimits.requestsMax) return false;
  let sent = 0;
  for await (const view of eachRelation({ history }, { app, user, kind }, call)) if (view.sent !== undefined) sent++;
  return sent >= userLimits.requestsMax;
}

async function countOf(
  history: UserDeps['history'],
  { app, user, kind }: { readonly app: string; readonly user: string; readonly kind: RelationKind },
  call: CallOptions,
): Promise<number> {
  const ask = async (isCurrent: boolean): Promise<number> =>
    (await history.listRelations({ app, user, kind, limit: 1, isCurrent }, call)).count;
  const count = await ask(false);
  return count + userLimits.countMargin < limitOf(kind) ? count : ask(true);
}
