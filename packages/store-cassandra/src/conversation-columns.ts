import { emptyBytes } from '@parley/kernel';
import type { ConversationKey, ConversationRow } from '@parley/store';
import type { types } from 'cassandra-driver';
import { cassandraLimits } from './limits.js';
import { numberOf, textOf } from './read-rows.js';

export const conversationKey = ({ app, conversation }: ConversationKey): string => `${app}\0${conversation}`;

/** A row of `conversations`, also of a version that had fewer columns. */
export function conversationOf(row: types.Row): ConversationRow {
  return {
    app: textOf(row, 'app'),
    conversation: textOf(row, 'conversation'),
    headSeq: numberOf(row, 'head_seq'),
    countable: numberOf(row, 'countable'),
    updatedMs: numberOf(row, 'updated_ms'),
    membershipVersion: numberOf(row, 'membership_version'),
    closed: row.get('closed') === true,
    speaking: row.get('speaking') ?? emptyBytes,
    historyAccess: row.get('history_access') ?? 0,
    keptFromSeq: Number(row.get('kept_from_seq') ?? 0),
    details: row.get('details') ?? emptyBytes,
  };
}

type LongColumns = Pick<ConversationRow, 'speaking' | 'details'>;

/** By conversation the long columns as they were written last: they change seldom, so that not every head brings them again. */
export class WrittenColumns {
  readonly #written = new Map<string, LongColumns>();

  /** What has to be written; undefined leaves a column as it is. */
  changed(row: ConversationRow): { readonly speaking: Buffer | undefined; readonly details: Buffer | undefined } {
    const before = this.#written.get(conversationKey(row));
    return {
      speaking: before?.speaking === row.speaking ? undefined : bufferOf(row.speaking),
      details: before?.details === row.details ? undefined : bufferOf(row.details),
    };
  }

  /** Remembers rows that are written. */
  keep(rows: readonly ConversationRow[]): void {
    for (const row of rows) {
      const { speaking, details } = row;
      // A conversation without either is worth no memory.
      if (speaking.length === 0 && details.length === 0) this.#written.delete(conversationKey(row));
      else this.#written.set(conversationKey(row), { speaking, details });
    }
    if (this.#written.size > cassandraLimits.rulesRememberedMax) this.#written.clear();
  }

  clear(): void {
    this.#written.clear();
  }
}

/** The same bytes as the driver takes them. */
export const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
