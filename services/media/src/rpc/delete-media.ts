import type { DeleteMediaRequest, DeleteMediaResponseInit, EraseMediaRequest, EraseMediaResponseInit } from '@parley/contracts/media';
import { ParleyError } from '@parley/kernel';
import { checkApp, checkUser } from '../check/fields.js';
import { mediaLimits } from '../limits.js';
import type { MediaKey } from '../ports.js';
import { unlessGone } from './cancel-upload.js';
import { type FileDeps, knownRecord } from './owned-record.js';

/** Deletes a file for everybody; one that is gone already is no error. */
export async function deleteMedia({ store, serial, events }: FileDeps, request: DeleteMediaRequest): Promise<DeleteMediaResponseInit> {
  await serial.run(request.media, async () => {
    const record = await knownRecord(store, request).catch(unlessGone);
    if (record === undefined) return;
    await store.remove(record);
    if (record.isComplete) events.removed('wish', 1);
  });
  return {};
}

/** Deletes all files that a user has uploaded, wherever they were shared to. One that was cut off is made up for by the next. */
export async function eraseMedia(
  deps: FileDeps,
  { app, user }: EraseMediaRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<EraseMediaResponseInit> {
  checkApp(app);
  checkUser(user);
  let files = 0;
  for (let after = ''; ; ) {
    const ids = await deps.store.ownedBy(app, user, { after, limit: mediaLimits.pageMax });
    for (let at = 0; at < ids.length; at += mediaLimits.eraseWidth) {
      if (signal.aborted) throw new ParleyError('TIMEOUT', `${files} files are deleted, and there are more`);
      const some = ids.slice(at, at + mediaLimits.eraseWidth);
      await Promise.all(some.map((media) => eraseFile(deps, { app, media }, user)));
      files += some.length;
    }
    if (ids.length < mediaLimits.pageMax) return { files };
    after = ids.at(-1) ?? '';
  }
}

async function eraseFile({ store, serial, events }: FileDeps, key: MediaKey, owner: string): Promise<void> {
  await serial.run(key.media, async () => {
    const record = await store.record(key);
    // Without a record only the note of it is left, of a removal that was cut off.
    await store.remove(record ?? { ...key, owner, createdMs: 0 });
    if (record?.isComplete === true) events.removed('wish', 1);
  });
}
