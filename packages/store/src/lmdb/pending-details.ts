import { type KeyBounds, overlayDetails } from '../detail-range.js';
import type { DetailKey, DetailRow } from '../history-store.js';
import { DetailRows } from '../memory/detail-rows.js';
import { NestedMap } from '../memory/nested-map.js';

/** Rows of one space that are written with the changes of one partition. Empty ones stand for deletions. */
export interface DetailLayer {
  readonly app: string;
  readonly space: string;
  readonly owner: object;
  readonly rows: DetailRows;
}

/**
 * Details above the disk. Rows of one space may come from several partitions, each written with its own partition's
 * checkpoint; so every partition's changes have a layer of their own, and newer changes lie above older ones.
 */
export class PendingDetails {
  /** Newest first. */
  readonly #spaces = new NestedMap<DetailLayer[]>();

  /** Adds a row to the layer of its owner; returns the layer when it is new. */
  add(owner: object, row: DetailRow): DetailLayer | undefined {
    const layers = this.#spaces.getOrAdd(row.app, row.space, () => []);
    const found = layers.find((layer) => layer.owner === owner);
    const layer = found ?? { app: row.app, space: row.space, owner, rows: new DetailRows() };
    layer.rows.set(row);
    if (found !== undefined) return undefined;
    layers.unshift(layer);
    return layer;
  }

  /** Forgets a layer that is on disk. */
  remove(layer: DetailLayer): void {
    const layers = this.#spaces.get(layer.app, layer.space);
    if (layers === undefined) return;
    layers.splice(layers.indexOf(layer), 1);
    if (layers.length === 0) this.#spaces.delete(layer.app, layer.space);
  }

  /** The newest row of a key; undefined where the disk has to be asked. */
  row({ app, space, key }: DetailKey): DetailRow | undefined {
    for (const { rows } of this.#spaces.get(app, space) ?? []) {
      const row = rows.get(key);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** What lies on disk with everything above it, empty rows included; reads it one by one. */
  over(disk: Iterable<DetailRow>, wanted: { readonly app: string; readonly space: string }, range: PendingRange): Iterable<DetailRow> {
    let rows = disk;
    const layers = this.#spaces.get(wanted.app, wanted.space) ?? [];
    for (let i = layers.length - 1; i >= 0; i--) {
      const layer = layers[i] as DetailLayer;
      rows = overlayDetails(layer.rows.within(range.bounds, range.isBackwards), rows, range.isBackwards);
    }
    return rows;
  }
}

export interface PendingRange {
  readonly bounds: KeyBounds;
  readonly isBackwards: boolean;
}
