import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Random, randomId } from '@parley/kernel';

/** The key in this file, made at the first start. Only its owner may read it. */
export async function keyFromFile(path: string, random: Random): Promise<string> {
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined && known.length >= 32) return known;
  await mkdir(dirname(path), { recursive: true });
  const written = `${path}.${randomId(random, 8)}`;
  await writeFile(written, randomId(random, 52), { mode: 0o600, flush: true });
  // Whoever comes first wins, and both take that one.
  await link(written, path).catch(() => undefined);
  await unlink(written);
  return readFile(path, 'utf8');
}
