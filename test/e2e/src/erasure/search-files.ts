import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Canaries } from './canaries.js';

/** `<file>: <place>` for every word that is found in the bytes or the name of a file below the folder. */
export function searchFiles(folder: string, canaries: Canaries): readonly string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const places = new Set(canaries.foundIn(entry.name));
    if (entry.isFile()) for (const place of canaries.foundIn(readFileSync(path))) places.add(place);
    for (const place of places) found.push(`${relative(folder, path)}: ${place}`);
  }
  return found.sort();
}
