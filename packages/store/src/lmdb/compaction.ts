import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { storeLimits } from '../limits.js';
import { type BytesDatabase, dataFile, LmdbEnvironment, type LmdbEnvironmentOptions, openRoot, raw } from './lmdb-environment.js';

const markerFile = 'compaction-asked-for';
const copyFolder = 'compacted';

/** Has the file written anew when the store is opened next. */
export function askForCompaction(path: string): void {
  closeSync(openSync(join(path, markerFile), 'a'));
  syncFolder(path);
}

/**
 * Writes the file anew where that was asked for. Row by row, not page by page: a page may keep bytes of rows that it held
 * once. The copy takes the place of the file in one step, and until then, whatever happens, the file is the old one and
 * the wish remains.
 */
export async function compactWhereAsked(options: LmdbEnvironmentOptions, copy = copyRows): Promise<void> {
  const { path } = options;
  const [marker, folder] = [join(path, markerFile), join(path, copyFolder)];
  rmSync(folder, { recursive: true, force: true });
  if (!existsSync(marker)) return;
  if (existsSync(join(path, dataFile))) {
    await copy(options, folder);
    renameSync(join(folder, dataFile), join(path, dataFile));
    syncFolder(path);
    rmSync(folder, { recursive: true });
  }
  rmSync(marker);
  syncFolder(path);
}

/** Removes the file and whatever belongs to it; one that is open goes on without a name. */
export function removeFiles(path: string): void {
  for (const name of [dataFile, 'lock.mdb', markerFile, copyFolder]) rmSync(join(path, name), { recursive: true, force: true });
  syncFolder(path);
}

async function copyRows(options: LmdbEnvironmentOptions, folder: string): Promise<void> {
  mkdirSync(folder);
  const source = new LmdbEnvironment(options);
  // What a page does not use is zero, so that nothing that this process has read gets into the file.
  const target = openRoot(folder, { noMemInit: false });
  try {
    for (const name of source.names()) {
      const copy = target.openDB<Uint8Array, Uint8Array>({ name, ...raw });
      for (const rows of pagesOf(source.database(name))) {
        await target.batch(() => {
          for (const { key, value } of rows) void copy.put(key, value);
        });
      }
    }
  } catch (error) {
    await target.close();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await source.close();
  }
  await target.close();
}

interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Everything in a database, so many rows at a time that a page fits into memory. */
function* pagesOf(database: BytesDatabase): Generator<readonly Row[], void, undefined> {
  let after: Uint8Array | undefined;
  for (;;) {
    const rows: Row[] = [];
    let bytes = 0;
    for (const row of database.getRange(after === undefined ? {} : { start: after, exclusiveStart: true })) {
      rows.push(row);
      bytes += row.value.length;
      if (rows.length === storeLimits.flushRowsMax || bytes >= storeLimits.copyBytesMax) break;
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.key;
    yield rows;
  }
}

/** A name is on disk when its folder is. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
