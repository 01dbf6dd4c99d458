import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ConversationRow, DetailRow, EventRow, HistoryAmendment, HistoryBatch, HistoryStore } from '../history-store.js';
import { batchAt, conversationRow, partition } from './history-rows.js';
import type { HistorySuite } from './history-store-contract.js';
import { ModelHistory } from './model-history.js';

/** One step of a history; the numbers choose among what there is. */
type Step =
  | { readonly type: 'batch' | 'amend'; readonly lane: number; readonly picks: readonly number[] }
  | { readonly type: 'replay'; readonly lane: number; readonly from: number }
  | { readonly type: 'reopen' }
  | { readonly type: 'crash'; readonly chunk: number };

const lanes = [0, 1] as const;
const lane = fc.constantFrom(...lanes);
const picks = fc.array(fc.nat(99), { minLength: 1, maxLength: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('batch' as const), lane, picks }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('amend' as const), lane, picks }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('replay' as const), lane, from: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crash' as const), chunk: fc.integer({ min: 1, max: 4 }) }) },
);

/** Whatever happens in whatever order, a store reads like its log and what amended it. */
export function describeModel(suite: HistorySuite): void {
  describe('any history', () => {
    let run = 0;
    it('reads like a model of it: replayed from anywhere, amended, crashed and read again', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
          const history = new RandomHistory(suite, run++);
          for (const each of steps) await history.take(each);
          await history.expectSame();
        }),
        { numRuns: suite.home().randomRuns ?? 30 },
      );
    }, 60_000);
  });
}

interface LogEntry {
  readonly batch?: HistoryBatch;
  readonly amendment?: HistoryAmendment;
}

/** A log of batches and amendments per lane, the store that they go to, and the model that it must read like. */
class RandomHistory {
  readonly #suite: HistorySuite;
  readonly #app: string;
  readonly #partitions: readonly number[];
  readonly #logs: readonly LogEntry[][] = lanes.map(() => []);
  readonly #model = new ModelHistory();
  #writes = 0;

  constructor(suite: HistorySuite, run: number) {
    this.#suite = suite;
    this.#app = `run-${run}`;
    this.#partitions = lanes.map((each) => partition + 1 + run * lanes.length + each);
  }

  async take(step: Step): Promise<void> {
    const { home, reopen } = this.#suite;
    if (step.type === 'batch') await this.#add(step.lane, { batch: this.#batch(step.lane, step.picks) });
    else if (step.type === 'amend') await this.#add(step.lane, { amendment: this.#rows(step.lane, step.picks, false) });
    else if (step.type === 'replay') await this.#replay(step.lane, step.from);
    else if (step.type === 'reopen' && home().isPersistent) await reopen();
    else if (step.type === 'crash' && home().crash !== undefined) await this.#crash(step.chunk);
  }

  async expectSame(): Promise<void> {
    const store = this.#suite.store();
    await this.#model.expectSame(store, this.#app);
    for (const [index, log] of this.#logs.entries()) {
      const newest = log.findLast(({ batch }) => batch !== undefined)?.batch?.checkpoint;
      expect(await store.checkpoint(this.#partitions[index] as number)).toEqual(newest);
    }
  }

  async #add(lane: number, entry: LogEntry): Promise<void> {
    this.#logs[lane]?.push(entry);
    this.#model.apply(entry.batch ?? (entry.amendment as HistoryAmendment));
    await this.#write(this.#suite.store(), lane, entry);
  }

  async #write(store: HistoryStore, lane: number, { batch, amendment }: LogEntry): Promise<void> {
    const at = this.#partitions[lane] as number;
    if (batch !== undefined) await store.apply(at, batch);
    if (amendment !== undefined) await store.amend(at, amendment);
  }

  /** All batches from one on, as whoever had been the owner before might write them. */
  async #replay(lane: number, from: number): Promise<void> {
    const batches = (this.#logs[lane] ?? []).filter(({ batch }) => batch !== undefined);
    for (const entry of batches.slice(from % Math.max(1, batches.length))) await this.#write(this.#suite.store(), lane, entry);
  }

  /** What was not on disk is gone; what follows the checkpoints is written again, in batches of another size. */
  async #crash(chunk: number): Promise<void> {
    const { home, reopen, store } = this.#suite;
    await home().crash?.();
    await reopen();
    for (const lane of lanes) {
      const log = this.#logs[lane] ?? [];
      const covered = (await store().checkpoint(this.#partitions[lane] as number))?.position.offset ?? 0;
      const last = log.findLastIndex(({ batch }) => batch !== undefined && batch.checkpoint.position.offset <= covered);
      for (const entry of joined(log.slice(last + 1), chunk)) await this.#write(store(), lane, entry);
    }
  }

  #batch(lane: number, picks: readonly number[]): HistoryBatch {
    const before = this.#logs[lane]?.findLast(({ batch }) => batch !== undefined)?.batch;
    const offset = (before?.checkpoint.position.offset ?? 0) + ((picks[0] ?? 0) % 3);
    return batchAt(offset, this.#rows(lane, picks, true));
  }

  /** Rows whose keys follow from the picks; each value is written once only. */
  #rows(lane: number, picks: readonly number[], isGrowing: boolean): HistoryAmendment {
    const events = new Map<string, EventRow>();
    const conversations = new Map<string, ConversationRow>();
    const details = new Map<string, DetailRow>();
    const app = this.#app;
    for (const pick of picks) {
      const conversation = `g:${lane}.${pick % 2}`;
      const head = conversations.get(conversation)?.headSeq ?? this.#model.headOf(conversation);
      const seq = isGrowing && (head === 0 || pick % 3 === 0) ? head + 1 : 1 + (pick % Math.max(1, head));
      const value = Uint8Array.from(Buffer.from(`${String.fromCharCode(97 + ((pick * 7) % 26))}${this.#writes++}`));
      if (seq <= head || isGrowing) events.set(`${conversation} ${seq}`, { app, conversation, seq, event: value, countable: pick });
      if (head > 0 || isGrowing) {
        conversations.set(conversation, { ...conversationRow(conversation, Math.max(seq, head)), app, details: value });
      }
      const key = `${lane}${'abcdef'[pick % 6]}${pick % 5}`;
      const detail = { app, space: `s:${pick % 2}`, key, value: pick % 4 === 0 ? new Uint8Array(0) : value };
      details.set(`${detail.space} ${key}`, detail);
    }
    return { events: [...events.values()], conversations: [...conversations.values()], details: [...details.values()] };
  }
}

/** The same entries with up to `chunk` neighbouring batches as one. */
function joined(entries: readonly LogEntry[], chunk: number): readonly LogEntry[] {
  const all: LogEntry[] = [];
  let size = 0;
  for (const entry of entries) {
    const before = all.at(-1)?.batch;
    if (entry.batch !== undefined && before !== undefined && size < chunk) {
      all[all.length - 1] = { batch: join(before, entry.batch) };
      size += 1;
    } else {
      all.push(entry);
      size = 1;
    }
  }
  return all;
}

function join(first: HistoryBatch, second: HistoryBatch): HistoryBatch {
  const model = new ModelHistory();
  model.apply(first);
  model.apply(second);
  return { ...second, ...model.rows() };
}
