import { PersistentMap } from '@parley/domain';

/** Ids of the rooms of one partition in their order, so that lists can be read in pages. */
export class RoomIndex {
  readonly #byApp = new Map<string, PersistentMap<true>>();

  add(app: string, room: string): void {
    const rooms = this.#byApp.get(app) ?? PersistentMap.empty<true>();
    if (!rooms.has(room)) this.#byApp.set(app, rooms.with(room, true));
  }

  remove(app: string, room: string): void {
    const rooms = this.#byApp.get(app)?.without(room);
    if (rooms === undefined) return;
    if (rooms.size === 0) this.#byApp.delete(app);
    else this.#byApp.set(app, rooms);
  }

  /** Up to `limit` ids behind `after` ('' for the first). */
  page(app: string, after: string, limit: number): readonly string[] {
    return this.#byApp.get(app)?.keysAfter(after, limit) ?? [];
  }
}
