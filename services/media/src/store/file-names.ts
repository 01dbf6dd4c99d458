import type { MediaKey, TimedFile } from '../ports.js';

/** Ids in names of files and objects: nothing that a file system reads in its own way, and no case to lose. */
const safe = (id: string): string => Buffer.from(id).toString('hex');

const dayMs = 24 * 3_600_000;
/** The day (UTC) of a moment, as it is in names: days sort by time. */
export const dayOf = (timeMs: number): string => String(Math.floor(timeMs / dayMs)).padStart(7, '0');

/** Where things lie, below a folder or in a bucket. Part of the stored format. */
export const names = {
  /** Everything of one file. */
  folder: ({ app, media }: MediaKey): string => `v1/${safe(app)}/files/${media.slice(0, 2)}/${media}`,
  data: (key: MediaKey): string => `${names.folder(key)}/data`,
  record: (key: MediaKey): string => `${names.folder(key)}/record.json`,
  /** Of S3: parts that are there, and what is too short for a part. */
  parts: (key: MediaKey): string => `${names.folder(key)}/parts.json`,
  tail: (key: MediaKey): string => `${names.folder(key)}/tail`,
  owner: (app: string, owner: string): string => `v1/${safe(app)}/owners/${safe(owner)}`,
  owned: (app: string, owner: string, media: string): string => `${names.owner(app, owner)}/${media}`,
  started: 'v1/started',
  /** Sorts by time. */
  startedAt: (timeMs: number, { app, media }: MediaKey): string =>
    `${names.started}/${String(timeMs).padStart(15, '0')}-${safe(app)}-${media}`,
  /** Complete files of an app, by the day from which their age counts. */
  kept: (app: string): string => `v1/${safe(app)}/kept`,
  keptOn: (timeMs: number, { app, media }: MediaKey): string => `${names.kept(app)}/${dayOf(timeMs)}/${media}`,
} as const;

const startedName = /(?:^|\/)(\d{15})-([0-9a-f]+)-([0-9a-v]{26})$/;

/** The inverse of `startedAt`. */
export function readStarted(name: string): TimedFile | undefined {
  const [, time, app, media] = startedName.exec(name) ?? [];
  if (time === undefined || app === undefined || media === undefined) return undefined;
  return { timeMs: Number(time), app: Buffer.from(app, 'hex').toString(), media };
}

const keptName = /(?:^|\/)(\d{7})\/([0-9a-v]{26})$/;

/** The inverse of `keptOn`, for an app; the time is the beginning of the day. */
export function readKept(app: string, name: string): TimedFile | undefined {
  const [, day, media] = keptName.exec(name) ?? [];
  return day === undefined || media === undefined ? undefined : { timeMs: Number(day) * dayMs, app, media };
}

/** When the day of this moment began. */
export const dayStart = (timeMs: number): number => Math.floor(timeMs / dayMs) * dayMs;
