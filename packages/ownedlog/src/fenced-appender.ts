import { AppendUnknownError, type NewRecord } from '@parley/eventlog';
import { acceptRecord } from './accept-record.js';
import type { OwnedLogDeps, OwnedPosition } from './api.js';
import { OwnedLogGapError, OwnershipLostError, type OwnershipLoss, type PartitionName } from './errors.js';
import { ownedLogLimits } from './limits.js';
import { isPermanent, pause, reportAttempt, untilDone } from './retry.js';
import { Turns } from './turns.js';

export interface FencedAppenderOptions {
  readonly source: PartitionName;
  /** Behind the owner's claim. */
  readonly position: OwnedPosition;
  /** The nonce of the owner's claim. */
  readonly nonce: string;
  /** Ends the ownership. */
  readonly signal: AbortSignal;
}

/**
 * Appends under one fence and finds out whether that fence still counts. The caller takes the turn
 * before it stamps, so that at most one batch is on its way.
 */
export class FencedAppender {
  readonly source: PartitionName;
  readonly fence: number;
  readonly turns = new Turns();
  readonly #deps: OwnedLogDeps;
  readonly #nonce: string;
  readonly #lost = new AbortController();
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.lose('released', this.#signal.reason);
  #position: OwnedPosition;

  constructor(deps: OwnedLogDeps, options: FencedAppenderOptions) {
    this.#deps = deps;
    this.source = options.source;
    this.fence = options.position.fence;
    this.#nonce = options.nonce;
    this.#position = options.position;
    this.#signal = options.signal;
    if (options.signal.aborted) this.#onAbort();
    else options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Behind the last record that is known to be accepted, or to be of no account. */
  get position(): OwnedPosition {
    return this.#position;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get deps(): OwnedLogDeps {
    return this.#deps;
  }

  /** Ends the ownership; the first reason stays. */
  lose(loss: OwnershipLoss, cause?: unknown): void {
    if (this.#lost.signal.aborted) return;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#lost.abort(new OwnershipLostError(this.source, this.fence, loss, cause));
  }

  /**
   * Commits records that are stamped with this fence and the indexes that follow `position`; resolves when
   * every reader accepts them all.
   */
  async commit(records: readonly NewRecord[]): Promise<OwnedPosition> {
    const { offset: expected, index } = this.#position;
    const firstOffset = await this.#append(records);
    if (firstOffset === expected) {
      // Nobody came between: no claim, so the fence held when the batch was committed.
      this.#position = { offset: expected + records.length, fence: this.fence, index: index + records.length };
      return this.#position;
    }
    await this.catchUp(firstOffset + records.length);
    if (this.#position.index !== index + records.length) {
      const detail = `the batch at ${firstOffset} ends at index ${this.#position.index}, not ${index + records.length}`;
      this.lose('log-broken', new OwnedLogGapError(this.source, firstOffset, detail));
    }
    this.lost.throwIfAborted();
    return this.#position;
  }

  /** Reads what others, or late copies, have put into the log below an offset; rejects when a claim is among it. */
  async catchUp(until: number): Promise<void> {
    const { topic, partition } = this.source;
    try {
      if (until < this.#position.offset) throw new OwnedLogGapError(this.source, until, 'the log has become shorter');
      for (let idle = 0; this.#position.offset < until; ) {
        const from = this.#position.offset;
        const read = () => this.#deps.log.read(topic, partition, from, { maxBytes: ownedLogLimits.foldReadBytes });
        const records = await untilDone(this.#deps, this.source, this.lost, read);
        for (const record of records) {
          const verdict = acceptRecord(this.#position, record, this.source);
          if (verdict.type === 'claim') {
            this.lose(verdict.nonce === this.#nonce ? 'claimed-twice' : 'claimed');
            return this.lost.throwIfAborted();
          }
          this.#position = verdict.position;
        }
        // What was committed must turn up; a replica may be a moment behind.
        if (records.length === 0) await pause(this.#deps, idle++, this.lost);
      }
    } catch (error) {
      this.lose('log-broken', error);
      this.lost.throwIfAborted();
    }
  }

  /** Appends until the outcome is known; the offset of the copy that the log has confirmed. */
  async #append(records: readonly NewRecord[]): Promise<number> {
    const { topic, partition } = this.source;
    let mayBeInLog = false;
    for (let attempt = 0; ; attempt++) {
      this.lost.throwIfAborted();
      try {
        return (await this.#deps.log.append(topic, partition, records)).firstOffset;
      } catch (error) {
        if (isPermanent(error)) {
          // The indexes are free again only if no copy of the batch can ever turn up under them.
          if (mayBeInLog) this.lose('log-broken', error);
          this.lost.throwIfAborted();
          throw error;
        }
        mayBeInLog ||= error instanceof AppendUnknownError;
        reportAttempt(this.#deps, this.source, attempt, error);
      }
      await pause(this.#deps, attempt, this.lost);
    }
  }
}
