import { userLimits } from '../limits.js';

/** How far one erasure has come. */
export interface ErasurePlace {
  /** Where the list of conversations goes on; undefined: all of it is done. */
  conversationsPage: string | undefined;
  /** Conversations in which the user's words are erased. */
  erased: number;
}

/**
 * How far erasures have come in this process, so that one of very many conversations comes to an end: what another process
 * has done is done again, which does no harm. Holds a bounded number; the oldest are forgotten and begin anew.
 */
export class ErasureBook {
  readonly #places = new Map<string, ErasurePlace>();

  /** The place of an erasure, by a name that its repetitions share; to be changed by whoever works on it. */
  placeOf(name: string): ErasurePlace {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = { conversationsPage: '', erased: 0 };
    this.#places.set(name, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > userLimits.erasuresRemembered && oldest !== undefined) this.#places.delete(oldest);
    return place;
  }

  forget(name: string): void {
    this.#places.delete(name);
  }
}
