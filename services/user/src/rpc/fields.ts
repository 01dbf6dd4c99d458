import { type AppId, isAppId, isUserId, limits, ParleyError, type UserId } from '@parley/kernel';
import { RelationKind } from '@parley/wire';

const invalid = (field: string, expected: string): ParleyError => new ParleyError('INVALID_ARGUMENT', `${field}: expected ${expected}`);
const userText = '1–32 of A-Z a-z 0-9 _ - .';

/** The field as an app id; throws INVALID_ARGUMENT. */
export function appField(text: string): AppId {
  if (!isAppId(text)) throw invalid('app', '1–64 of A-Z a-z 0-9 _ - .');
  return text;
}

/** A field as a user id; throws INVALID_ARGUMENT, which names the field. */
export function userField(field: string, text: string): UserId {
  if (!isUserId(text)) throw invalid(field, userText);
  return text;
}

/** A field as 1 to `most` user ids, each once; throws INVALID_ARGUMENT, which names the field. */
export function usersField(field: string, texts: readonly string[], most: number): readonly UserId[] {
  if (texts.length === 0 || texts.length > most) throw invalid(field, `1–${most} users`);
  return [...new Set(texts.map((text) => userField(field, text)))];
}

/** The field as a kind of relation; throws INVALID_ARGUMENT. */
export function kindField(kind: number): RelationKind {
  const known = Object.values(RelationKind).find((each) => each === kind && each !== RelationKind.UNSPECIFIED);
  if (known === undefined) throw invalid('kind', 'friends, blocked or requests');
  return known;
}

/** How many entries a page has; throws INVALID_ARGUMENT. */
export function limitField(limit: number): number {
  if (limit > limits.historyPageMax) throw invalid('limit', `at most ${limits.historyPageMax}`);
  return limit;
}
