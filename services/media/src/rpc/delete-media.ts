import type { DeleteMediaRequest, DeleteMediaResponseInit, EraseMediaRequest, EraseMediaResponseInit } from '@parley/contracts/media';
import { checkApp, checkUser } from '../check/fields.js';
import { mediaLimits } from '../limits.js';
import { unlessGone } from './cancel-upload.js';
import { type FileDeps, knownRecord } from './owned-record.js';

/** Deletes a file for everybody; one that is gone already is no error. */
export async function deleteMedia({ store, serial }: FileDeps, request: DeleteMediaRequest): Promise<DeleteMediaResponseInit> {
  await serial.run(request.media, async () => {
    const record = await knownRecord(store, request).catch(unlessGone);
    if (record !== undefined) await store.remove(record);
  });
  return {};
}

/** Deletes all files that a user has uploaded, wherever they were shared to. */
export async function eraseMedia({ store, serial }: FileDeps, { app, user }: EraseMediaRequest): Promise<EraseMediaResponseInit> {
  checkApp(app);
  checkUser(user);
  let files = 0;
  for (let after = ''; ; ) {
    const ids = await store.ownedBy(app, user, { after, limit: mediaLimits.pageMax });
    for (const media of ids) {
      await serial.run(media, async () => {
        const record = await store.record({ app, media });
        if (record !== undefined) await store.remove(record);
        files++;
      });
    }
    if (ids.length < mediaLimits.pageMax) return { files };
    after = ids.at(-1) ?? '';
  }
}
