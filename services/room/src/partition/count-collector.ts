import type { Contribution } from '@parley/contracts/events';
import { refusalOfContribution, type Room } from '@parley/domain';
import { type CancelTimer, type Clock, ParleyError } from '@parley/kernel';
import { roomLimits } from '../limits.js';
import type { RoomsView } from '../ports.js';
import type { RoomName } from '../rpc/room-name.js';

export interface CountDeps {
  readonly view: Pick<RoomsView, 'execute' | 'read'>;
  readonly clock: Clock;
}

interface Caller {
  readonly resolve: (value: number) => void;
  readonly reject: (error: ParleyError) => void;
}

/** One contribution and everybody who told it. */
interface Told {
  contribution: Contribution;
  readonly callers: Caller[];
}

/** What was told of one room since the last commit was started. */
interface Collection {
  readonly name: RoomName;
  readonly told: Map<string, Told>;
  cancelTimer: CancelTimer;
}

/** Makes one commit of the contributions that come to a room within a moment: a flood costs no more than its commits. */
export class CountCollector {
  readonly #deps: CountDeps;
  readonly #collections = new Map<string, Collection>();
  #callers = 0;
  #isClosed = false;

  constructor(deps: CountDeps) {
    this.#deps = deps;
  }

  /** The counter's value once the contribution is durable. Rejects with why it does not count, NOT_OWNER or OVERLOADED. */
  add(name: RoomName, contribution: Contribution): Promise<number> {
    if (this.#isClosed) return Promise.reject(new ParleyError('NOT_OWNER'));
    if (this.#callers >= roomLimits.countCallersMax) {
      return Promise.reject(new ParleyError('OVERLOADED', 'too many contributions wait', { retryAfterMs: roomLimits.countWithinMs * 10 }));
    }
    this.#callers++;
    return new Promise<number>((resolve, reject) => {
      const collection = this.#collectionOf(name);
      take(collection, contribution, { resolve, reject });
      if (collection.told.size >= roomLimits.countContributionsMax) this.#commit(collection);
    }).finally(() => {
      this.#callers--;
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { told, cancelTimer } of this.#collections.values()) {
      cancelTimer();
      for (const { callers } of told.values()) for (const caller of callers) caller.reject(new ParleyError('NOT_OWNER'));
    }
    this.#collections.clear();
  }

  #collectionOf(name: RoomName): Collection {
    const key = keyOf(name);
    const known = this.#collections.get(key);
    if (known !== undefined) return known;
    const collection: Collection = {
      name,
      told: new Map(),
      cancelTimer: this.#deps.clock.setTimer(roomLimits.countWithinMs, () => this.#commit(collection)),
    };
    this.#collections.set(key, collection);
    return collection;
  }

  #commit(collection: Collection): void {
    collection.cancelTimer();
    this.#collections.delete(keyOf(collection.name));
    void this.#settle(collection);
  }

  async #settle({ name, told }: Collection): Promise<void> {
    const { app, room } = name;
    const contributions = [...told.values()].map(({ contribution }) => contribution);
    let after: Room;
    let failure: ParleyError | undefined;
    try {
      const command = { type: 'count', app, room, contributions } as const;
      after = (await this.#deps.view.execute(name, (stamp) => ({ ...command, ...stamp }), { when: 'committed' })).state;
    } catch (error) {
      failure = ParleyError.from(error);
      after = this.#deps.view.read(name);
    }
    for (const { contribution, callers } of told.values()) {
      const answer = failure === undefined || failure.error === 'INVALID_ARGUMENT' ? answerTo(after, contribution) : failure;
      for (const caller of callers) {
        if (typeof answer === 'number') caller.resolve(answer);
        else caller.reject(answer);
      }
    }
  }
}

/** Of several totals of one contributor only the largest matters. */
function take({ told }: Collection, contribution: Contribution, caller: Caller): void {
  const { counter, user, nonce, total } = contribution;
  // User ids hold no space, and the length says where the nonce ends.
  const key = `${user} ${nonce.length} ${nonce}${counter}`;
  const known = told.get(key);
  if (known === undefined) told.set(key, { contribution, callers: [caller] });
  else {
    if (total > known.contribution.total) known.contribution = contribution;
    known.callers.push(caller);
  }
}

/** The value, or why the contribution does not count. Contributors share a command, so its success is not theirs. */
function answerTo(room: Room, contribution: Contribution): number | ParleyError {
  if (room.type !== 'open') return new ParleyError('ROOM_NOT_FOUND');
  const refusal = refusalOfContribution(room, contribution);
  return refusal === undefined ? (room.counters.get(contribution.counter) ?? 0) : ParleyError.of(refusal);
}

const keyOf = ({ app, conversation }: RoomName): string => `${app}/${conversation}`;
