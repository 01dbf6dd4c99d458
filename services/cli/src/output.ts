/** Where a command writes. */
export interface Output {
  /** What was asked for. */
  line(text: string): void;
  /** What is said beside it: states, hints, problems. */
  note(text: string): void;
}

export const processOutput: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
};

/** A problem that is the user's to solve: printed without a stack trace, exit code 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
