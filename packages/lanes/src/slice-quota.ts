import type { Level, RoomRates } from './policy.js';

/**
 * Admission of one room by slices of time: within each slice every level has its share (`RoomRates`). Exact: on
 * average the rate is used up to the last message, and no slice exceeds it by more than the fraction that
 * earlier ones left over. Pure: the caller brings the time (any monotonic milliseconds).
 */
export class SliceQuota {
  /** Slices begin where the quota did, so that rooms do not all start theirs at the same moment. */
  readonly #beganMs: number;
  #sliceMs = 0;
  #slice = -1;
  #low = 0;
  /** LOW and MEDIUM together. */
  #medium = 0;
  #all = 0;

  constructor(nowMs: number) {
    this.#beganMs = nowMs;
  }

  /** Counts a message and answers 0, or counts nothing and answers the milliseconds until the next slice. */
  take(rates: RoomRates, level: Level, nowMs: number): number {
    const sliceMs = sliceMsOf(rates);
    const sinceMs = Math.max(0, nowMs - this.#beganMs);
    const slice = Math.floor(sinceMs / sliceMs);
    if (slice !== this.#slice || sliceMs !== this.#sliceMs) this.#begin(slice, sliceMs);
    if (!this.#hasRoom(rates, level)) return Math.max(1, Math.ceil((slice + 1) * sliceMs - sinceMs));
    this.#all++;
    if (level !== 'high') this.#medium++;
    if (level === 'low') this.#low++;
    return 0;
  }

  #begin(slice: number, sliceMs: number): void {
    this.#slice = slice;
    this.#sliceMs = sliceMs;
    this.#low = 0;
    this.#medium = 0;
    this.#all = 0;
  }

  #hasRoom(rates: RoomRates, level: Level): boolean {
    if (this.#all >= this.#share(rates, 100)) return false;
    if (level === 'high') return true;
    if (this.#medium >= this.#share(rates, rates.mediumPercent)) return false;
    return level === 'medium' || this.#low < this.#share(rates, rates.lowPercent);
  }

  /** Whole messages of this slice; fractions add up from slice to slice. */
  #share({ perSecond }: RoomRates, percent: number): number {
    const perSlice = (perSecond * this.#sliceMs * percent) / 100_000;
    return Math.floor((this.#slice + 1) * perSlice) - Math.floor(this.#slice * perSlice);
  }
}

/** Of a slow room a slice lasts until one LOW message fits into its share: no level is shut out by rounding. */
const sliceMsOf = ({ perSecond, sliceMs, lowPercent }: RoomRates): number =>
  Math.max(sliceMs, Math.ceil(100_000 / (perSecond * lowPercent)));
