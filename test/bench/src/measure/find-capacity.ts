export interface CapacitySearch {
  /** Whether the server holds the rate. */
  holds(ratePerSecond: number): Promise<boolean>;
  /** Where to begin; must be held. */
  readonly from: number;
  /** What the generator can offer. */
  readonly to: number;
}

/** By how much the rate grows until it is too much. */
const growth = 1.6;
const refinements = 2;

/**
 * The highest rate that was seen to hold, found by growing until one fails twice and halving the gap twice. NaN when
 * not even the first one holds.
 */
export async function findCapacity({ holds, from, to }: CapacitySearch): Promise<number> {
  const holdsAtLast = async (rate: number): Promise<boolean> => (await holds(rate)) || (await holds(rate));
  let held = Number.NaN;
  let rate = from;
  while (rate <= to && (await holdsAtLast(rate))) {
    held = rate;
    rate = Math.round(rate * growth);
  }
  let tooMuch = Math.min(rate, to);
  for (let i = 0; i < refinements && held < tooMuch; i++) {
    const between = Math.round(Math.sqrt(held * tooMuch));
    if (between === held) break;
    if (await holdsAtLast(between)) held = between;
    else tooMuch = between;
  }
  return held;
}
