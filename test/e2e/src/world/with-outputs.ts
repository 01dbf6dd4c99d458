import type { Deployment } from '@parley/testkit';

const linesPerPart = 12;
const lineChars = 400;

/** Runs a test; a failure carries the last words of every process, without which nobody finds the cause. */
export async function withOutputs(deployment: Deployment, test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    failure.message = [failure.message, ...deployment.parts.map(({ name, output }) => `--- ${name}\n${lastLines(output)}`)].join('\n');
    throw failure;
  }
}

/** What is only informative tells nothing about a failure. */
function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => line !== '' && !line.includes('"level":"info"') && !line.includes(' INFO '));
  return lines
    .slice(-linesPerPart)
    .map((line) => line.slice(0, lineChars))
    .join('\n');
}
