import { type Lane, lanes } from './lane.js';

/** What a lane offers next. */
export interface LaneHead {
  /** Work it stands for, in commands; at least 1. */
  readonly cost: number;
  /** How long it has waited, milliseconds. */
  readonly ageMs: number;
}

export interface SchedulerOptions {
  /** Shares of the lanes below `system` while all of them have work. */
  readonly weights: Readonly<Record<Exclude<Lane, 'system'>, number>>;
  /** Commands that a weight of 1 stands for in one round. */
  readonly quantum: number;
  /** After waiting this long a head competes with the weight of the lane above its own. */
  readonly boostAfterMs: number;
  /** Commands of `system` in a row after which another lane gets one turn. */
  readonly systemBurst: number;
}

export const schedulerDefaults: SchedulerOptions = {
  weights: { high: 16, medium: 4, low: 1 },
  quantum: 32,
  boostAfterMs: 1_000,
  systemBurst: 64,
};

type SharedLane = Exclude<Lane, 'system'>;
const shared: readonly SharedLane[] = ['high', 'medium', 'low'];
const above: Readonly<Record<SharedLane, SharedLane>> = { high: 'high', medium: 'high', low: 'medium' };

/**
 * Chooses which lane to serve: `system` first, the others by deficit round robin (Shreedhar and Varghese,
 * 1995), so that each gets its share of the commands, none starves, and an idle lane's share goes to the
 * rest. Pure: time comes in as the heads' ages.
 */
export class LaneScheduler {
  readonly #options: SchedulerOptions;
  readonly #deficit: Record<SharedLane, number> = { high: 0, medium: 0, low: 0 };
  #turn = 0;
  #turnIsOpen = false;
  #systemInARow = 0;

  constructor(options: SchedulerOptions = schedulerDefaults) {
    this.#options = options;
  }

  /** The lane to take from, and books its head's cost; undefined when no lane has a head. */
  next(heads: Readonly<Partial<Record<Lane, LaneHead | undefined>>>): Lane | undefined {
    const system = heads.system;
    const othersWait = heads.high !== undefined || heads.medium !== undefined || heads.low !== undefined;
    if (system !== undefined && (!othersWait || this.#systemInARow < this.#options.systemBurst)) {
      this.#systemInARow += system.cost;
      return 'system';
    }
    this.#systemInARow = 0;
    return othersWait ? this.#nextShared(heads) : undefined;
  }

  #nextShared(heads: Readonly<Partial<Record<Lane, LaneHead | undefined>>>): Lane {
    for (;;) {
      const lane = shared[this.#turn] as SharedLane;
      const head = heads[lane];
      if (head === undefined) {
        this.#deficit[lane] = 0;
        this.#passTurn();
        continue;
      }
      if (!this.#turnIsOpen) {
        this.#turnIsOpen = true;
        this.#deficit[lane] += this.#weightOf(lane, head) * this.#options.quantum;
      }
      if (head.cost <= this.#deficit[lane]) {
        this.#deficit[lane] -= head.cost;
        return lane;
      }
      this.#passTurn();
    }
  }

  #weightOf(lane: SharedLane, head: LaneHead): number {
    const weights = this.#options.weights;
    return head.ageMs >= this.#options.boostAfterMs ? weights[above[lane]] : weights[lane];
  }

  #passTurn(): void {
    this.#turn = (this.#turn + 1) % shared.length;
    this.#turnIsOpen = false;
  }
}

/** An object with one value per lane. */
export const perLane = <T>(make: (lane: Lane) => T): Record<Lane, T> =>
  Object.fromEntries(lanes.map((lane) => [lane, make(lane)])) as Record<Lane, T>;
