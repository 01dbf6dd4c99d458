import { type Random, seededRandom } from '@parley/kernel';
import {
  type AcceptedRecord,
  claimPartition,
  followOwned,
  type OwnedDraft,
  type OwnedLogDeps,
  type OwnedPosition,
  OwnershipLostError,
  type OwnershipLoss,
  type PartitionOwner,
  startOfLog,
  takeSnapshot,
} from '../../src/index.js';
import { type Faults, ModelLog, modelRecordBytesMax, noFaults } from './model-log.js';
import { Schedule } from './schedule.js';
import { Tally, writeEntry } from './tally.js';

export const topic = 'events';
const keys = ['a', 'b', 'c', 'd', 'e', 'long'];

/** An append that resolved. */
export interface Acknowledged {
  readonly ids: readonly number[];
  readonly end: OwnedPosition;
  readonly startedAt: number;
  readonly acknowledgedAt: number;
}

/** What an owner believed at a moment when it may act on it. */
export interface Belief {
  readonly position: OwnedPosition;
  readonly state: string;
  readonly positions: string;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly processes: number;
  readonly steps: number;
  readonly faults: Faults;
  /** Share of the steps at which a process is paused, resumed, stopped or killed. */
  readonly trouble: number;
  /** Kills the first process at this step. */
  readonly killAt?: number;
}

/** Several processes that all want to own one partition, a reader, and whatever can go wrong between them. */
export class Simulation {
  readonly acknowledged: Acknowledged[] = [];
  readonly beliefs: Belief[] = [];
  readonly refusedIds = new Set<number>();
  readonly followed: AcceptedRecord[] = [];
  readonly losses = new Map<OwnershipLoss, number>();
  readonly failures: unknown[] = [];
  snapshots = 0;
  readonly random: Random;
  readonly log: ModelLog;
  readonly schedule: Schedule;
  readonly #options: SimulationOptions;
  readonly #lives = new Map<string, AbortController>();
  #isDraining = false;
  #nextProcess = 1;
  #nextId = 1;
  #followedTo: OwnedPosition = startOfLog;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.schedule = new Schedule(this.random);
    this.log = new ModelLog(this.schedule, this.random, options.faults);
  }

  async run(): Promise<void> {
    for (let count = 0; count < this.#options.processes; count++) this.#start();
    void this.#follow();
    for (let step = 0; step < this.#options.steps; step++) {
      if (this.random.next() < this.#options.trouble) this.#trouble();
      if (step === this.#options.killAt) this.#kill('process-1');
      await this.schedule.next();
    }
    await this.#drain();
  }

  /** Runs one more piece of work to its end; nothing goes wrong any more. */
  async finish<T>(work: (deps: OwnedLogDeps) => Promise<T>): Promise<T> {
    let isDone = false;
    const outcome = work(this.#depsOf('last')).finally(() => {
      isDone = true;
    });
    outcome.catch(() => undefined);
    while (!isDone) await this.schedule.next();
    return await outcome;
  }

  async #drain(): Promise<void> {
    this.#isDraining = true;
    this.log.faults = noFaults;
    for (const process of this.#lives.keys()) this.schedule.resume(process);
    const isDone = (): boolean => this.#lives.size === 0 && this.#followedTo.offset === this.log.recordsOf(topic).length;
    for (let step = 0; !isDone() || step < 100; step++) {
      if (step > 20_000) throw new Error(`the processes do not come to an end: ${[...this.#lives.keys()]}`);
      await this.schedule.next();
    }
    this.schedule.kill('follower');
    while (await this.schedule.next());
  }

  #depsOf(process: string): OwnedLogDeps {
    return { log: this.log.connect(process), clock: this.schedule.clockOf(process), random: this.random };
  }

  #start(): void {
    const name = `process-${this.#nextProcess++}`;
    const life = new AbortController();
    this.#lives.set(name, life);
    this.#live(name, life.signal).then(
      () => this.#lives.delete(name),
      (error: unknown) => {
        this.#lives.delete(name);
        if (error !== life.signal.reason) this.failures.push(error);
      },
    );
  }

  #kill(name: string): void {
    if (!this.#lives.delete(name)) return;
    this.schedule.kill(name);
    this.#start();
  }

  #trouble(): void {
    const names = [...this.#lives.keys()];
    const name = names[Math.floor(this.random.next() * names.length)];
    if (name === undefined) {
      this.#start();
      return;
    }
    const dice = this.random.next();
    if (dice < 0.2) this.#kill(name);
    else if (dice < 0.25) this.#lives.get(name)?.abort(new Error('stopped'));
    else if (this.schedule.isPaused(name)) this.schedule.resume(name);
    else this.schedule.pause(name);
    if (this.#lives.size < this.#options.processes) this.#start();
  }

  async #live(name: string, signal: AbortSignal): Promise<void> {
    while (!this.#isDraining && !signal.aborted) {
      try {
        await this.#own(name, signal);
      } catch (error) {
        if (!(error instanceof OwnershipLostError)) throw error;
        if (error.loss === 'log-broken') throw error;
        this.losses.set(error.loss, (this.losses.get(error.loss) ?? 0) + 1);
      }
    }
  }

  async #own(name: string, signal: AbortSignal): Promise<void> {
    const tally = new Tally();
    const withSnapshots = this.random.next() < 0.7;
    const believe = (position: OwnedPosition): void => {
      this.beliefs.push({ position, state: tally.toString(), positions: positionsOf(owner.positions) });
    };
    const owner: PartitionOwner = await claimPartition(this.#depsOf(name), {
      topic,
      partition: 0,
      signal,
      onRecord: (record) => tally.applyRecord(record),
      onAppended: (drafts, position) => {
        for (const draft of drafts) tally.applyDraft(draft);
        believe(position);
      },
      ...(withSnapshots ? { snapshots: { onState: (key, state) => tally.load(key, state) } } : {}),
    });
    believe(owner.position);
    const works = [this.#serve(owner), this.#serve(owner)];
    if (withSnapshots && this.random.next() < 0.8) works.push(this.#snapshot(owner, tally));
    // A second one at the same time is of no use, and must do no harm.
    if (withSnapshots && this.random.next() < 0.2) works.push(this.#snapshot(owner, tally));
    const ended = await Promise.allSettled(works);
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
    owner.release();
  }

  async #serve(owner: PartitionOwner): Promise<void> {
    for (let left = Math.floor(this.random.next() * 8); left >= 0 && !this.#isDraining; left--) {
      if (this.random.next() < 0.1) await owner.confirm();
      else await this.#append(owner);
    }
  }

  async #append(owner: PartitionOwner): Promise<void> {
    const isTooLarge = this.random.next() < 0.04;
    const ids: number[] = [];
    const drafts: OwnedDraft[] = [];
    for (let left = Math.floor(this.random.next() * 3); left >= 0; left--) {
      const id = this.#nextId++;
      ids.push(id);
      drafts.push(this.#draft(id, isTooLarge && left === 0 ? modelRecordBytesMax : 0));
    }
    const startedAt = this.schedule.step;
    if (isTooLarge) {
      for (const id of ids) this.refusedIds.add(id);
      await owner.append(drafts).then(
        () => this.failures.push(new Error('a record that is too large was acknowledged')),
        (error: unknown) => {
          if (error instanceof OwnershipLostError) throw error;
        },
      );
      return;
    }
    const end = await owner.append(drafts);
    this.acknowledged.push({ ids, end, startedAt, acknowledgedAt: this.schedule.step });
  }

  #draft(id: number, padding: number): OwnedDraft {
    const dice = this.random.next();
    const key = keys[Math.floor(this.random.next() * keys.length)] ?? '';
    const payload = writeEntry({ id, key, isDelete: dice < 0.3 }, padding);
    if (dice > 0.9) return { key, payload };
    return {
      key,
      payload,
      positions: new Map(
        dice > 0.5
          ? [['low', id]]
          : [
              ['high', id],
              ['low', id],
            ],
      ),
    };
  }

  async #snapshot(owner: PartitionOwner, tally: Tally): Promise<void> {
    await takeSnapshot(owner, tally.entries(), { partBytes: 30 });
    this.snapshots++;
  }

  /** Crashes again and again; what it keeps is what was handed over together with the position behind it. */
  async #follow(): Promise<void> {
    const { log } = this.#depsOf('follower');
    const signal = new AbortController().signal;
    for (;;) {
      const onRecords = (records: readonly AcceptedRecord[], position: OwnedPosition): void => {
        if (!this.#isDraining && this.random.next() < 0.1) throw new Error('crashed');
        this.followed.push(...records);
        this.#followedTo = position;
      };
      await followOwned({ log }, { topic, partition: 0, from: this.#followedTo, signal, onRecords }).catch(() => undefined);
    }
  }
}

export const positionsOf = (positions: ReadonlyMap<string, number>): string => JSON.stringify([...positions].sort());
