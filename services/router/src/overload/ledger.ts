import { type Lane, lanes, perLane } from '@parley/lanes';

/** What may become of a command. */
export const results = ['stored', 'passed', 'repeat', 'refused', 'shed'] as const;
export type CommandResult = (typeof results)[number];

/** Counts what became of the commands of a batch, so that every command that was taken is counted in exactly one place. */
export class Ledger {
  readonly #counts = perLane(() => ({ stored: 0, passed: 0, repeat: 0, refused: 0, shed: 0 }));

  count(lane: Lane, result: CommandResult): void {
    this.#counts[lane][result]++;
  }

  /** Tells all counts and starts again from zero; to be called once they are final, that is committed. */
  settle(tell: (lane: Lane, result: CommandResult, count: number) => void): void {
    for (const lane of lanes) {
      const counts = this.#counts[lane];
      for (const result of results) {
        if (counts[result] === 0) continue;
        tell(lane, result, counts[result]);
        counts[result] = 0;
      }
    }
  }
}
