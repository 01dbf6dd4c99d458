import type { LevelAccount } from './message-book.js';

/** For people: what became of what was offered. */
export const accountInWords = ({ offered, accepted, refused, told }: LevelAccount): string =>
  `${accepted} of ${offered} accepted, refused ${JSON.stringify(refused)}, deliveries told to be dropped ${told}`;

/** Of sorted values; NaN of none. */
export const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
