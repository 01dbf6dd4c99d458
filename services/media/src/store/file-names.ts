import type { MediaKey } from '../ports.js';

/** Ids in names of files and objects: nothing that a file system reads in its own way, and no case to lose. */
const safe = (id: string): string => Buffer.from(id).toString('hex');

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
} as const;

const startedName = /(?:^|\/)(\d{15})-([0-9a-f]+)-([0-9a-v]{26})$/;

/** The inverse of `startedAt`. */
export function readStarted(name: string): (MediaKey & { readonly timeMs: number }) | undefined {
  const [, time, app, media] = startedName.exec(name) ?? [];
  if (time === undefined || app === undefined || media === undefined) return undefined;
  return { timeMs: Number(time), app: Buffer.from(app, 'hex').toString(), media };
}
