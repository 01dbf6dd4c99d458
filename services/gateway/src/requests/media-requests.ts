import type { Media } from '@parley/contracts/media';
import { refusalOfKnown } from '@parley/domain';
import { limits, ParleyError, parseConversation } from '@parley/kernel';
import type { CancelUpload, CompleteUpload, CreateUpload, GetDownloadUrl, MediaInfoInit, ShareMedia } from '@parley/wire';
import { type Answer, type Asker, demand, done, type RequestDeps } from './request-handler.js';
import { demandBytes, demandConversation } from './shared-checks.js';

/** What a file of each kind may weigh. */
const bytesMaxOfKind = new Map<string, number>([
  ['image', limits.imageBytesMax],
  ['audio', limits.audioBytesMax],
  ['video', limits.videoBytesMax],
  ['file', limits.fileBytesMax],
]);
const mediaId = /^[A-Za-z0-9_.-]{1,64}$/;
const hash = /^[0-9a-f]{64}$/;
/** The longest type and subtype together (RFC 6838, 4.2). */
const mimeTypeBytesMax = 255;

export async function createUpload(deps: RequestDeps, asker: Asker, request: CreateUpload): Promise<Answer> {
  const { conversation, kind, name, mimeType, sizeBytes, sha256 } = request;
  const bytesMax = bytesMaxOfKind.get(kind);
  if (bytesMax === undefined) throw new ParleyError('INVALID_ARGUMENT', 'kind: image, audio, video or file');
  demand(sizeBytes > 0, 'size_bytes: at least 1');
  if (sizeBytes > bytesMax) throw new ParleyError('MESSAGE_TOO_LARGE', `size_bytes: at most ${bytesMax} for ${kind}`);
  demandBytes('name', name, limits.mediaNameBytesMax);
  demandBytes('mime_type', mimeType, mimeTypeBytesMax);
  demand(sha256 === '' || hash.test(sha256), 'sha256: 64 hexadecimal digits in lower case, or nothing');
  await demandMembership(deps, asker, 'conversation', conversation);
  await demandPeer(deps, asker, conversation);
  const upload = { app: asker.app, user: asker.user.id, conversation, kind, name, mimeType, sizeBytes, sha256 };
  return { type: 'upload', value: await deps.media.createUpload(upload, asker.call) };
}

export async function completeUpload(deps: RequestDeps, asker: Asker, { media }: CompleteUpload): Promise<Answer> {
  demandMedia(media);
  const answer = await deps.media.completeUpload({ app: asker.app, user: asker.user.id, media }, asker.call);
  return { type: 'media', value: mediaInfo(media, answer.media) };
}

export async function cancelUpload(deps: RequestDeps, asker: Asker, { media }: CancelUpload): Promise<Answer> {
  demandMedia(media);
  await deps.media.cancelUpload({ app: asker.app, user: asker.user.id, media }, asker.call);
  return done;
}

export async function getDownloadUrl(deps: RequestDeps, asker: Asker, { conversation, media }: GetDownloadUrl): Promise<Answer> {
  demandMedia(media);
  const other = ownerOfNotes(conversation);
  if (other === undefined || other === asker.user.id) await demandMembership(deps, asker, 'conversation', conversation);
  else await demandAvatar(deps, asker, { user: other, media });
  const { url, expiresMs, media: info } = await deps.media.getDownloadUrl({ app: asker.app, conversation, media }, asker.call);
  return { type: 'media', value: { ...mediaInfo(media, info), url, urlExpiresMs: expiresMs } };
}

export async function shareMedia(deps: RequestDeps, asker: Asker, request: ShareMedia): Promise<Answer> {
  const { media, fromConversation, toConversation } = request;
  demandMedia(media);
  await Promise.all([
    demandMembership(deps, asker, 'from_conversation', fromConversation),
    demandMembership(deps, asker, 'to_conversation', toConversation),
  ]);
  await deps.media.shareMedia({ app: asker.app, media, fromConversation, toConversation }, asker.call);
  return done;
}

function demandMedia(media: string): void {
  demand(mediaId.test(media), 'media: 1 to 64 of A-Z a-z 0-9 _ - .');
}

/** Files are for those who are in the conversation now. Throws CONVERSATION_NOT_FOUND for others. */
async function demandMembership(deps: RequestDeps, { app, user, call }: Asker, field: string, conversation: string): Promise<void> {
  demand(conversation !== '', `${field}: a conversation`);
  demandConversation(conversation, user.id);
  if (conversation.startsWith('u:')) return;
  const { members } = await deps.history.filterMembers({ app, conversation, users: [user.id], isCurrent: true }, call);
  if (!members.includes(user.id)) throw new ParleyError('CONVERSATION_NOT_FOUND', field);
}

/** Whoever may not write to the other one need not send all of a file first to hear that. */
async function demandPeer({ history, rules }: RequestDeps, { app, user, call }: Asker, conversation: string): Promise<void> {
  const other = usersOf(conversation)?.find((each) => each !== user.id);
  if (other === undefined) return;
  const { relations } = await history.getRelations({ app, user: user.id, others: [other] }, call);
  const refused = refusalOfKnown(relations[0], rules.rulesOf(app));
  if (refused !== undefined) throw new ParleyError(refused);
}

/** The user whose conversation with themselves it is. */
function ownerOfNotes(conversation: string): string | undefined {
  const [a, b] = usersOf(conversation) ?? [];
  return a === b ? a : undefined;
}

/** Both users of a conversation of two. */
function usersOf(conversation: string): readonly string[] | undefined {
  const parsed = parseConversation(conversation);
  return parsed.ok && parsed.value.type === 'user' ? parsed.value.users : undefined;
}

/** Of what somebody has uploaded for themselves others get the avatar only: whoever may see a profile may see the picture in it. */
async function demandAvatar(
  deps: RequestDeps,
  { app, call }: Asker,
  file: { readonly user: string; readonly media: string },
): Promise<void> {
  const { users } = await deps.user.getUsers({ app, users: [file.user] }, call);
  if (users[0]?.avatar !== file.media) throw new ParleyError('CONVERSATION_NOT_FOUND', 'conversation');
}

const mediaInfo = (media: string, info: Media | undefined): MediaInfoInit => ({
  media,
  name: info?.name,
  mimeType: info?.mimeType,
  sizeBytes: info?.sizeBytes,
  sha256: info?.sha256,
  width: info?.width,
  height: info?.height,
});
