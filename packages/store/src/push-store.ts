import type { LogPosition, PageRequest } from './history-store.js';

/** Who was not reached, and how far the timeline has been looked at. Writes are idempotent. */
export interface PushStore extends AsyncDisposable {
  checkpoint(partition: number): Promise<LogPosition | undefined>;
  apply(partition: number, batch: PushBatch): Promise<void>;
  /** One user's row in one conversation. */
  unreachedIn(app: string, user: string, conversation: string): Promise<UnreachedRow | undefined>;
  unreached(app: string, user: string, page: PageRequest): Promise<readonly UnreachedRow[]>;
}

export interface PushBatch {
  /** Offset of the newest timeline record in the batch. */
  readonly offset: number;
  /** Whole rows: a later one replaces an earlier one of the same user and conversation. */
  readonly rows: readonly UnreachedRow[];
  readonly checkpoint: LogPosition;
}

export interface UnreachedRow {
  readonly app: string;
  readonly user: string;
  readonly conversation: string;
  /** Newest message that found the user away. */
  readonly seq: number;
  readonly count: number;
  readonly timeMs: number;
}
