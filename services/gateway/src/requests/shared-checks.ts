import { isUserId, limits } from '@parley/kernel';
import { demand } from './request-handler.js';

/** Names of groups and rooms: counted in code points. */
export function demandName(name: string): void {
  demand([...name].length <= limits.nameCharsMax, `name: at most ${limits.nameCharsMax} characters`);
}

export function demandPage(limit: number): void {
  demand(limit <= limits.memberPageMax, `limit: at most ${limits.memberPageMax}`);
}

export function demandUser(field: string, user: string): void {
  demand(isUserId(user), `${field}: 1 to 32 of A-Z a-z 0-9 _ - .`);
}

export function demandUsers(field: string, users: readonly string[], usersMax: number): void {
  demand(users.length <= usersMax, `${field}: at most ${usersMax}`);
  demand(users.every(isUserId), `${field}: 1 to 32 of A-Z a-z 0-9 _ - . each`);
}
