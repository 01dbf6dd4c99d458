/** A measured value for whoever runs the tests; the standard output belongs to the test runner. */
export function reportLine(line: string): void {
  process.stderr.write(`    ${line}\n`);
}

/** Median and worst of durations, in words. */
export function inWords(durationsMs: readonly number[]): string {
  const sorted = durationsMs.map(Math.round).toSorted((a, b) => a - b);
  return `median ${sorted[Math.floor(sorted.length / 2)] ?? 0} ms, worst ${sorted.at(-1) ?? 0} ms`;
}
