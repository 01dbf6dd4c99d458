import { ParleyError } from '@parley/kernel';
import { checkApp, checkMedia, checkUser } from '../check/fields.js';
import type { MediaEvents } from '../events.js';
import type { MediaRecord } from '../media-record.js';
import type { MediaDeps, MediaKey, MediaStore } from '../ports.js';
import type { Serial } from '../serial.js';

/** What calls that change a file need. */
export interface FileDeps extends MediaDeps {
  readonly serial: Serial;
  readonly events: MediaEvents;
}

/** The record of a file; MEDIA_NOT_FOUND where there is none. */
export async function knownRecord(store: MediaStore, { app, media }: MediaKey): Promise<MediaRecord> {
  checkApp(app);
  checkMedia(media);
  const record = await store.record({ app, media });
  if (record === undefined) throw new ParleyError('MEDIA_NOT_FOUND');
  return record;
}

/** The record of a file that belongs to this user; others learn nothing of it. */
export async function ownedRecord(store: MediaStore, request: MediaKey & { readonly user: string }): Promise<MediaRecord> {
  checkUser(request.user);
  const record = await knownRecord(store, request);
  if (record.owner !== request.user) throw new ParleyError('MEDIA_NOT_FOUND');
  return record;
}
