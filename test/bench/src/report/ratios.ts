import { median } from '../measure/percentiles.js';
import type { Round } from '../workloads/workload.js';

/** A peer's value over this server's, from rounds that took turns. */
export interface Ratio {
  readonly metric: string;
  readonly ratio: number;
}

interface Turn {
  readonly name: string;
  readonly round: Round;
}

/** Medians over the peer's rounds of its value over the mean of the rounds of this server right before and after. */
export function ratiosOf(turns: readonly Turn[], peer: string): readonly Ratio[] {
  const found = new Map<string, number[]>();
  turns.forEach(({ name, round }, at) => {
    if (name !== peer) return;
    const around = [turns[at - 1], turns[at + 1]].flatMap((turn) => (turn === undefined ? [] : [turn.round.values]));
    for (const [metric, value] of Object.entries(round.values)) {
      const own = around.map((values) => values[metric] ?? Number.NaN);
      const ratio = value / (own.reduce((sum, each) => sum + each, 0) / own.length);
      found.set(metric, [...(found.get(metric) ?? []), ratio]);
    }
  });
  return [...found].map(([metric, ratios]) => ({ metric, ratio: median(ratios) }));
}
