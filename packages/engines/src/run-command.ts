import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a command to its end. Its output is shown only, in the error, when it fails; lines can be watched. */
export async function runCommand(command: string, args: readonly string[], onLine: (line: string) => void = () => {}): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const watch = (text: Buffer): void => {
    output += text.toString();
    for (const line of text.toString().split('\n')) onLine(line);
  };
  child.stdout.on('data', watch);
  child.stderr.on('data', watch);
  const [code] = (await once(child, 'close').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(`"${command}" not found: install it first`);
    }
    throw error;
  })) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}):\n${output}`);
}
