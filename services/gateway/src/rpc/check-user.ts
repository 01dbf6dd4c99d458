import { isAppId, isUserId, ParleyError } from '@parley/kernel';

/** Throws INVALID_ARGUMENT, which names the field. */
export function checkUser(app: string, user: string): void {
  if (!isAppId(app)) throw new ParleyError('INVALID_ARGUMENT', 'app: 1–64 of A-Z a-z 0-9 _ - .');
  if (!isUserId(user)) throw new ParleyError('INVALID_ARGUMENT', 'user: 1–32 of A-Z a-z 0-9 _ - .');
}
