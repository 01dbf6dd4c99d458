import { isAppId, isClientMsgId, isUserId, limits, parseConversation, ParleyError } from '@parley/kernel';

/** Fields of requests that become keys of the store. */
export interface KeyFields {
  readonly app: string;
  readonly conversation?: string;
  /** Empty is allowed: the back end. */
  readonly viewer?: string;
  readonly user?: string;
}

/** Throws INVALID_ARGUMENT, which names the field, for what cannot be in the store. */
export function checkFields({ app, conversation, viewer = '', user }: KeyFields): void {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  const parsed = conversation === undefined ? undefined : parseConversation(conversation);
  if (parsed?.ok === false) throw ParleyError.of(parsed.error);
  if (viewer !== '') checkUsers('viewer', [viewer]);
  if (user !== undefined) checkUsers('user', [user]);
}

/** Throws INVALID_ARGUMENT, which names the field. */
export function checkUsers(field: string, users: readonly string[]): void {
  if (!users.every(isUserId)) throw new ParleyError('INVALID_ARGUMENT', `${field}: 1–32 of A-Z a-z 0-9 _ - .`);
}

/** Throws INVALID_ARGUMENT for an id that no message can have. */
export function checkClientMsgId(id: string): void {
  if (!isClientMsgId(id)) throw new ParleyError('INVALID_ARGUMENT', 'client_msg_id: 1–64 bytes, none of them zero');
}

/** Throws INVALID_ARGUMENT for what nobody can have reacted with; empty is allowed. */
export function checkReaction(reaction: string): void {
  const isRight = Buffer.byteLength(reaction) <= limits.reactionBytesMax && !reaction.includes('\0');
  if (!isRight) throw new ParleyError('INVALID_ARGUMENT', `reaction: at most ${limits.reactionBytesMax} bytes, none of them zero`);
}

/** How many are wanted: the default for 0. Throws INVALID_ARGUMENT for more than there may be. */
export function checkLimit(asked: number, { byDefault, max }: { readonly byDefault: number; readonly max: number }): number {
  if (asked > max) throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${max}`);
  return asked === 0 ? byDefault : asked;
}

/** Throws INVALID_ARGUMENT for none, too many, or what is no seq. */
export function checkSeqs(seqs: readonly number[], max: number): void {
  if (seqs.length === 0 || seqs.length > max) throw new ParleyError('INVALID_ARGUMENT', `seqs: 1 to ${max}`);
  if (seqs.some((seq) => seq === 0)) throw new ParleyError('INVALID_ARGUMENT', 'seqs: from 1');
}

const wrongPage = (): ParleyError => new ParleyError('INVALID_ARGUMENT', 'page: not from an answer of this call');

/** Reads a page token that is a number; throws INVALID_ARGUMENT. */
export function pageNumber(page: string): number {
  const value = Number(page);
  if (!Number.isSafeInteger(value) || value < 0) throw wrongPage();
  return value;
}

/** The parts of a page token, as many as asked for; throws INVALID_ARGUMENT. */
export function pageParts(page: string, count: number): readonly string[] {
  const parts = page.split(' ');
  if (parts.length !== count || page.length > 512 || page.includes('\0')) throw wrongPage();
  return parts;
}
