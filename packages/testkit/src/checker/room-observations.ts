/** One call to change attributes of a room. Times are positions in one order over all clients (a shared counter). */
export interface ObservedChange {
  readonly room: string;
  /** Empty for the back end. */
  readonly user: string;
  /**
   * What was set, at least one key: whoever sets the value of a key sets one that nobody else sets in the whole run,
   * so that values tell who set them and no change is without effect.
   */
  readonly set: ReadonlyMap<string, string>;
  readonly deleted: readonly string[];
  readonly force: boolean;
  readonly updateOwner: boolean;
  readonly deleteOnLeave: boolean;
  /** 0: at whatever version. */
  readonly ifVersion: number;
  readonly invokedAt: number;
  readonly outcome: ChangeOutcome;
}

export type ChangeOutcome =
  | { readonly type: 'ok'; readonly version: number; readonly at: number }
  | { readonly type: 'refused'; readonly code: string; readonly at: number }
  /** The client never learned what became of it. */
  | { readonly type: 'unknown' };

export interface SeenAttribute {
  readonly value: string;
  readonly owner: string;
  readonly isDeletedOnLeave: boolean;
}

/** What a device was shown of a room at one moment, in the order in which it was shown. */
export interface RoomView {
  readonly device: string;
  readonly room: string;
  /** Of the state. */
  readonly version: number;
  readonly attributes: ReadonlyMap<string, SeenAttribute>;
}

/** What users added to a counter of a room. */
export interface ObservedCount {
  readonly room: string;
  readonly counter: string;
  /** What must have been counted, since it was confirmed or would have been repeated. */
  readonly certain: number;
  /** What was added, confirmed or not. */
  readonly added: number;
}

/** A room as the server tells it once everything has come to rest. */
export interface RoomAtRest {
  readonly room: string;
  readonly version: number;
  readonly attributes: ReadonlyMap<string, SeenAttribute>;
  /** As they are listed. */
  readonly members: readonly string[];
  readonly counters: ReadonlyMap<string, number>;
}

/** Everything that was seen of rooms in one run. Rooms stay: none is destroyed and made again. */
export interface RoomObservations {
  readonly changes: readonly ObservedChange[];
  readonly views: readonly RoomView[];
  readonly counts: readonly ObservedCount[];
  readonly rooms: readonly RoomAtRest[];
}
