import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyBytesMax, scrubSpanMs } from '../limits.js';
import { type PartitionAddress, startKey, Tables, tablesFile, type TopicEntry } from './tables.js';

const dueFile = 'scrub-due.json';
const copyFile = 'scrubbed.mdb';

/**
 * Has the file written anew by the first opening after that time, without what has been dropped by then: pages that are
 * free, or half full, keep bytes of records that they held once.
 */
export function askForScrub(path: string, dueMs: number): void {
  // Many wishes of one hour are one.
  const due = Math.ceil(dueMs / scrubSpanMs) * scrubSpanMs;
  const known = readDue(path);
  if (!known.includes(due)) writeDue(path, [...known, due]);
}

/** What scrubbing has to know. */
export interface ScrubOptions {
  readonly path: string;
  readonly mapSizeBytes: number;
  readonly nowMs: number;
}

/**
 * Writes the file anew where that was asked for and is due; what is older than its topic keeps it is left out. Until one
 * rename at the end the file is the old one and the wish remains. Whoever has it open cannot write to it any more.
 */
export async function scrubWhereDue(options: ScrubOptions): Promise<void> {
  const { path, nowMs } = options;
  removeCopy(path);
  const due = readDue(path);
  if (!due.some((dueMs) => dueMs <= nowMs)) return;
  if (existsSync(join(path, tablesFile))) {
    await copyTables(options);
    renameSync(join(path, copyFile), join(path, tablesFile));
    syncFolder(path);
    removeCopy(path);
  }
  const left = due.filter((dueMs) => dueMs > nowMs);
  writeDue(path, left);
}

async function copyTables({ path, mapSizeBytes, nowMs }: ScrubOptions): Promise<void> {
  const source = new Tables(path, mapSizeBytes);
  try {
    await source.checkLayout();
    // Before anything is copied: what somebody else wrote after that would be lost.
    await source.takeOver();
    const target = new Tables(path, mapSizeBytes, copyFile);
    try {
      await target.copyMeta(source);
      for (const topic of source.topics()) await copyTopic({ source, target, nowMs }, topic);
    } finally {
      await target.root.close();
    }
  } catch (error) {
    removeCopy(path);
    throw error;
  } finally {
    await source.root.close();
  }
}

interface Copying {
  readonly source: Tables;
  readonly target: Tables;
  readonly nowMs: number;
}

/** Record by record, not page by page. */
async function copyTopic({ source, target, nowMs }: Copying, { id, partitions, kind, retentionMs }: TopicEntry): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const at = { topicId: id, partition };
    const { start, end } = source.rangeOf(at);
    let from = retentionMs === undefined ? start : firstSince(source, at, nowMs - retentionMs);
    if (from > start) await target.root.batch(() => void target.meta.put(startKey(at), from));
    while (from < end) {
      const records = source.slice(at, from, { end, bytesMax: copyBytesMax });
      const last = records.at(-1);
      if (last === undefined) break;
      await target.root.batch(() => target.putRecords(at, records, kind));
      from = last.offset + 1;
    }
  }
}

/** Offset of the first record that is young enough; the end of the partition where none is. */
function firstSince(source: Tables, at: PartitionAddress, sinceMs: number): number {
  const { start, end } = source.rangeOf(at);
  for (let from = start; from < end; ) {
    const records = source.slice(at, from, { end, bytesMax: copyBytesMax });
    const found = records.find(({ timeMs }) => timeMs >= sinceMs);
    if (found !== undefined) return found.offset;
    from = (records.at(-1)?.offset ?? end) + 1;
  }
  return end;
}

function readDue(path: string): readonly number[] {
  if (!existsSync(join(path, dueFile))) return [];
  try {
    const due: unknown = JSON.parse(readFileSync(join(path, dueFile), 'utf8'));
    return Array.isArray(due) ? due.map(Number) : [];
  } catch {
    // A wish that cannot be read is one that is due.
    return [0];
  }
}

function writeDue(path: string, due: readonly number[]): void {
  if (due.length === 0) rmSync(join(path, dueFile), { force: true });
  else {
    const written = join(path, `${dueFile}.new`);
    writeFileSync(written, JSON.stringify(due), { flush: true });
    renameSync(written, join(path, dueFile));
  }
  syncFolder(path);
}

function removeCopy(path: string): void {
  for (const name of [copyFile, `${copyFile}-lock`, `${dueFile}.new`]) rmSync(join(path, name), { force: true });
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
