import type { AcceptedRecord } from '@parley/ownedlog';
import type { LogPosition } from '@parley/store';

interface Mark {
  readonly position: LogPosition;
  readonly timeMs: number;
}

/** Marks closer together than this are not worth keeping. */
const everyMs = 1_000;

/**
 * Remembers positions along the way, so that there is always one that lies a given time behind the newest
 * record, and before at least one record: a router that reads from it learns what it needs.
 */
export class TailMarks {
  readonly #reachMs: number;
  readonly #marks: Mark[];

  constructor(reachMs: number, start: LogPosition | undefined) {
    this.#reachMs = reachMs;
    this.#marks = start === undefined ? [] : [{ position: start, timeMs: 0 }];
  }

  pass(record: AcceptedRecord): void {
    const newest = this.#marks.at(-1);
    if (newest === undefined || record.timeMs - newest.timeMs >= everyMs) {
      this.#marks.push({ position: before(record), timeMs: record.timeMs });
    }
    while (this.#marks.length > 1 && (this.#marks[1]?.timeMs ?? 0) <= record.timeMs - this.#reachMs) this.#marks.shift();
  }

  /** Undefined before the first record. */
  get tail(): LogPosition | undefined {
    return this.#marks[0]?.position;
  }
}

const before = ({ offset, fence, index }: AcceptedRecord): LogPosition => ({ offset, fence, index: index - 1 });
