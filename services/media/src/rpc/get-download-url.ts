import type { GetDownloadUrlRequest, GetDownloadUrlResponseInit } from '@parley/contracts/media';
import { limits, ParleyError } from '@parley/kernel';
import { checkConversation } from '../check/fields.js';
import { mediaOf } from '../media-record.js';
import type { MediaDeps } from '../ports.js';
import { signedPath } from '../signed-url.js';
import { knownRecord } from './owned-record.js';

/** A URL for a file of a conversation. A file of another one is as good as none. */
export async function getDownloadUrl(deps: MediaDeps, request: GetDownloadUrlRequest): Promise<GetDownloadUrlResponseInit> {
  const { app, media, conversation } = request;
  checkConversation('conversation', conversation);
  const record = await knownRecord(deps.store, request);
  if (!record.isComplete || !record.conversations.includes(conversation)) throw new ParleyError('MEDIA_NOT_FOUND');
  const expiresMs = deps.clock.now() + limits.downloadUrlMs;
  const url = `${deps.publicUrl()}${signedPath(deps.urlKey, { app, media, purpose: 'download', expiresMs })}`;
  // Where else it was shared to is nobody's business here.
  return { url, expiresMs, media: { ...mediaOf(record), conversations: [conversation] } };
}
