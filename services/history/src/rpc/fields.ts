import { isAppId, isClientMsgId, isUserId, parseConversation, ParleyError } from '@parley/kernel';

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
