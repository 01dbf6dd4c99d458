import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Ports of 127.0.0.1 that nobody listens at. They lie below the ephemeral range: otherwise a client that reconnects to a
 * killed process may be given the process's own port and keep it from coming back. Preferred ones come first, where
 * they are free.
 */
export async function freePorts(count: number, preferred: readonly number[] = []): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (const port of preferred.slice(0, count)) if (await isFree(port)) ports.add(port);
  while (ports.size < count) {
    const port = randomInt(10_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
