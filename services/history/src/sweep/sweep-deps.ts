import type { EventLog } from '@parley/eventlog';
import type { Clock } from '@parley/kernel';
import type { HistoryStore } from '@parley/store';
import type { PartitionProjector } from '../project/partition-projector.js';
import type { KeptWindow } from '../view/kept-window.js';

/** What the work needs that follows from time, and not from the timeline. */
export interface SweepDeps {
  readonly store: HistoryStore;
  readonly log: Pick<EventLog, 'scrub'>;
  readonly clock: Clock;
  readonly window: KeptWindow;
  /** Those that run in this process, by partition. */
  readonly projectors: ReadonlyMap<number, PartitionProjector>;
}
