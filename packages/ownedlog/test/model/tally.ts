import type { AcceptedRecord, OwnedDraft, SnapshotEntries } from '../../src/index.js';

/** What one test record does: adds its id to the running value of a key, or deletes the key. */
export interface Entry {
  readonly id: number;
  readonly key: string;
  readonly isDelete: boolean;
}

/** A state that shows each record that is missing, doubled or out of order: a rolling value per key. */
export class Tally {
  readonly #values = new Map<string, number>();

  apply({ id, key, isDelete }: Entry): void {
    if (isDelete) this.#values.delete(key);
    else this.#values.set(key, (Math.imul(this.#values.get(key) ?? 7, 31) + id) >>> 0);
  }

  applyRecord(record: AcceptedRecord): void {
    if (record.payload.length > 0) this.apply(readEntry(record.key, record.payload));
  }

  applyDraft({ key = '', payload }: OwnedDraft): void {
    if (payload.length > 0) this.apply(readEntry(key, payload));
  }

  value(key: string): number | undefined {
    return this.#values.get(key);
  }

  /** A state takes 4 bytes, or as many more as the key is long: some need several parts. */
  load(key: string, state: Uint8Array): void {
    if (state.length !== stateBytes(key)) throw new Error(`state of ${key} has ${state.length} bytes`);
    this.#values.set(key, new DataView(state.buffer, state.byteOffset).getUint32(0));
  }

  *entries(): SnapshotEntries & Iterable<readonly [string, Uint8Array]> {
    for (const [key, value] of this.#values) {
      const state = new Uint8Array(stateBytes(key));
      new DataView(state.buffer).setUint32(0, value);
      yield [key, state] as const;
    }
  }

  toString(): string {
    return [...this.#values]
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(' ');
  }
}

const stateBytes = (key: string): number => (key === 'long' ? 70 : 4);

export function writeEntry({ id, isDelete }: Entry, padding = 0): Uint8Array {
  const bytes = new Uint8Array(5 + padding);
  new DataView(bytes.buffer).setUint32(0, id);
  bytes[4] = isDelete ? 1 : 0;
  return bytes;
}

export function readEntry(key: string, payload: Uint8Array): Entry {
  const id = new DataView(payload.buffer, payload.byteOffset).getUint32(0);
  return { id, key, isDelete: payload[4] === 1 };
}
