import type { HistoryBatch, HistoryCheckpoint } from './history-store.js';

/** Whether everything in the batch lies before what was already applied: then applying it changes nothing. */
export function isReplay(applied: HistoryCheckpoint | undefined, batch: HistoryBatch): boolean {
  return applied !== undefined && batch.checkpoint.position.offset <= applied.position.offset;
}
