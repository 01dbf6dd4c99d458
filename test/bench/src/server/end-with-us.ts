import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';

/**
 * Sees to it that a server does not outlive this process, and its folder neither, when this process ends before it could
 * stop the server in order. The returned function is called when the server has been stopped.
 */
export function endWithUs(child: ChildProcess, folder: string): () => void {
  const end = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  return () => process.off('exit', end);
}
