import type { NewRecord } from '@parley/eventlog';
import type { ClaimOptions, OwnedDraft, OwnedPosition, PartitionOwner } from './api.js';
import type { FencedAppender } from './fenced-appender.js';
import { untilDone } from './retry.js';
import { LogSnapshotWriter, type SnapshotEntries, type SnapshotOptions, type SnapshotWriter } from './snapshot-writer.js';
import { stampDrafts } from './stamp-drafts.js';

/** The owner of a partition whose claim is in the log and whose state is folded up to it. */
export class LogPartitionOwner implements PartitionOwner {
  readonly #appender: FencedAppender;
  readonly #positions: Map<string, number>;
  readonly #onAppended: ClaimOptions['onAppended'];

  constructor(appender: FencedAppender, positions: Map<string, number>, onAppended: ClaimOptions['onAppended']) {
    this.#appender = appender;
    this.#positions = positions;
    this.#onAppended = onAppended;
  }

  get topic(): string {
    return this.#appender.source.topic;
  }

  get partition(): number {
    return this.#appender.source.partition;
  }

  get fence(): number {
    return this.#appender.fence;
  }

  get position(): OwnedPosition {
    return this.#appender.position;
  }

  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  get lost(): AbortSignal {
    return this.#appender.lost;
  }

  async append(drafts: readonly OwnedDraft[]): Promise<OwnedPosition> {
    const { turns, lost } = this.#appender;
    const turn = turns.take();
    if (turn !== undefined) await turn;
    try {
      lost.throwIfAborted();
      if (drafts.length === 0) return this.#appender.position;
      const position = await this.#appender.commit(this.#stamp(drafts));
      this.#fold(drafts, position);
      return position;
    } finally {
      turns.give();
    }
  }

  async confirm(): Promise<void> {
    const { turns, lost, deps, source } = this.#appender;
    const turn = turns.take();
    if (turn !== undefined) await turn;
    try {
      lost.throwIfAborted();
      const { end } = await untilDone(deps, source, lost, () => deps.log.range(source.topic, source.partition));
      if (end > this.#appender.position.offset) await this.#appender.catchUp(end);
    } finally {
      turns.give();
    }
  }

  beginSnapshot(entries: SnapshotEntries, options?: SnapshotOptions): SnapshotWriter {
    return new LogSnapshotWriter(this.#appender, entries, { ...options, positions: this.#positions });
  }

  release(): void {
    this.#appender.lose('released');
  }

  #stamp(drafts: readonly OwnedDraft[]): readonly NewRecord[] {
    const { position, deps, fence } = this.#appender;
    return stampDrafts(drafts, { fence, index: position.index + 1, timeMs: deps.clock.now() });
  }

  #fold(drafts: readonly OwnedDraft[], position: OwnedPosition): void {
    for (const { positions } of drafts) {
      if (positions === undefined) continue;
      for (const [input, offset] of positions) this.#positions.set(input, offset);
    }
    try {
      this.#onAppended?.(drafts, position);
    } catch (error) {
      // The log has what the state lacks: this owner must not decide on that state.
      this.#appender.lose('released', error);
      throw error;
    }
  }
}
