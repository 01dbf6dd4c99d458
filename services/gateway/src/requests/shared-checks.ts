import { isUserId, limits, ParleyError } from '@parley/kernel';
import { refusalOfConversation } from '../inbound/send-message.js';
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

/** At least one user and at most so many. */
export function demandSomeUsers(field: string, users: readonly string[], usersMax: number): void {
  demand(users.length > 0, `${field}: at least 1`);
  demandUsers(field, users, usersMax);
}

export function demandBytes(field: string, text: string, bytesMax: number): void {
  demand(Buffer.byteLength(text) <= bytesMax, `${field}: at most ${bytesMax} bytes`);
}

/** Throws unless the user may have something to do with the conversation; who is a member says the service behind. */
export function demandConversation(conversation: string, user: string): void {
  const refusal = refusalOfConversation(conversation, user);
  if (refusal !== undefined) throw ParleyError.of(refusal);
}

/** A seq that names a message. */
export function demandSeq(field: string, seq: number): void {
  demand(seq > 0, `${field}: at least 1`);
}

export function demandSeqs(seqs: readonly number[]): void {
  demand(seqs.length > 0 && seqs.length <= limits.actMessagesMax, `seqs: 1 to ${limits.actMessagesMax}`);
  demand(
    seqs.every((seq) => seq > 0),
    'seqs: at least 1 each',
  );
}
