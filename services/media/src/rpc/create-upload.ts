import type { CreateUploadRequest, CreateUploadResponseInit } from '@parley/contracts/media';
import { limits, randomId } from '@parley/kernel';
import { checkAnnounced, checkApp, checkConversation, checkUser } from '../check/fields.js';
import { mediaLimits } from '../limits.js';
import { signedPath } from '../signed-url.js';
import type { UploadQuota } from '../upload-quota.js';
import type { FileDeps } from './owned-record.js';

/** Begins a file and says where its bytes go. */
export async function createUpload(
  deps: FileDeps & { readonly quota: UploadQuota },
  request: CreateUploadRequest,
): Promise<CreateUploadResponseInit> {
  const { app, user, conversation, name, mimeType, sizeBytes, sha256 } = request;
  checkApp(app);
  checkUser(user);
  checkConversation('conversation', conversation);
  const kind = checkAnnounced(request);
  const nowMs = deps.clock.now();
  deps.quota.take(request, nowMs);
  const media = randomId(deps.random);
  const announced = { kind, name, mimeType, sizeBytes, sha256 };
  await deps.store.create({
    ...{ version: 1, app, media, owner: user, conversations: [conversation], ...announced },
    ...{ width: 0, height: 0, createdMs: nowMs, isComplete: false },
  });
  deps.events.upload('begun');
  const expiresMs = nowMs + limits.uploadWithinMs;
  const uploadUrl = `${deps.publicUrl()}${signedPath(deps.urlKey, { app, media, purpose: 'upload', expiresMs })}`;
  return { media, uploadUrl, expiresMs, chunkBytes: mediaLimits.chunkBytes };
}
