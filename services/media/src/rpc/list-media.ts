import type { ListMediaRequest, ListMediaResponseInit } from '@parley/contracts/media';
import { checkApp, checkUser, demand } from '../check/fields.js';
import { mediaLimits } from '../limits.js';
import { mediaOf } from '../media-record.js';
import type { MediaDeps } from '../ports.js';

/** Files of a user, by id; those that are still on their way as well. */
export async function listMedia({ store }: MediaDeps, request: ListMediaRequest): Promise<ListMediaResponseInit> {
  const { app, user, page } = request;
  checkApp(app);
  checkUser(user);
  demand(/^[0-9a-v]{0,26}$/.test(page), 'page: not from an answer of this call');
  demand(request.limit <= mediaLimits.pageMax, `limit: at most ${mediaLimits.pageMax}`);
  const limit = request.limit === 0 ? mediaLimits.pageMax : request.limit;
  const ids = await store.ownedBy(app, user, { after: page, limit });
  const records = await Promise.all(ids.map((media) => store.record({ app, media })));
  const media = records.filter((record) => record !== undefined).map(mediaOf);
  return { media, nextPage: ids.length < limit ? '' : (ids.at(-1) ?? '') };
}
