import type { OffsetRange } from './port.js';

/** The append may or may not have happened; the same records may still turn up later. */
export class AppendUnknownError extends Error {
  override readonly name = 'AppendUnknownError';
}

/** A reader asked for records that are gone or not there yet. */
export class OffsetOutOfRangeError extends Error {
  override readonly name = 'OffsetOutOfRangeError';
  readonly offset: number;
  readonly range: OffsetRange;

  constructor(topic: string, partition: number, offset: number, range: OffsetRange) {
    super(`${topic}[${partition}]: offset ${offset} is not within ${range.start}–${range.end}`);
    this.offset = offset;
    this.range = range;
  }
}

/** A queue topic is at its bound; nothing was appended. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/** A record is larger than the log takes; nothing was appended. */
export class RecordTooLargeError extends Error {
  override readonly name = 'RecordTooLargeError';
}

/** The topic or partition does not exist. */
export class UnknownTopicError extends Error {
  override readonly name = 'UnknownTopicError';
}

/** The log was closed; the call had no effect. */
export class LogClosedError extends Error {
  override readonly name = 'LogClosedError';

  constructor() {
    super('the log is closed');
  }
}

/** The disk did not take the records (it is full, for instance); they are certainly not in the log. */
export class CommitFailedError extends Error {
  override readonly name = 'CommitFailedError';
}

/** Another process (or a second log in this one) opened the same directory later; nothing was appended. */
export class LogTakenOverError extends Error {
  override readonly name = 'LogTakenOverError';

  constructor() {
    super('the log was opened by another process, which owns it now');
  }
}
