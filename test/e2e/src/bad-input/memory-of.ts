import { readFileSync } from 'node:fs';
import type { ServerUnderAttack } from './server-under-attack.js';

/** Memory of the server that is not files, in bytes; undefined where the system does not tell. */
export function memoryOf(server: ServerUnderAttack): number | undefined {
  const pid = server.deployment.parts[0]?.pid;
  if (process.platform !== 'linux' || pid === undefined) return undefined;
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1_024;
}
