import { type AppId, type GroupId, isAppId, isGroupId, isRoomId, isUserId, ParleyError, type RoomId, type UserId } from '@parley/kernel';

const invalid = (field: string, expected: string): ParleyError => new ParleyError('INVALID_ARGUMENT', `${field}: expected ${expected}`);
const plainId = '1–64 of A-Z a-z 0-9 _ - .';
const userIdText = '1–32 of A-Z a-z 0-9 _ - .';

/** The field as an app id; throws INVALID_ARGUMENT. */
export function appField(text: string): AppId {
  if (!isAppId(text)) throw invalid('app', plainId);
  return text;
}

/** The field as a group id; throws INVALID_ARGUMENT. */
export function groupField(text: string): GroupId {
  if (!isGroupId(text)) throw invalid('group', plainId);
  return text;
}

/** The field as a room id; throws INVALID_ARGUMENT. */
export function roomField(text: string): RoomId {
  if (!isRoomId(text)) throw invalid('room', plainId);
  return text;
}

/** A field as a user id; throws INVALID_ARGUMENT, which names the field. */
export function userField(field: string, text: string): UserId {
  if (!isUserId(text)) throw invalid(field, userIdText);
  return text;
}

/** A field as a user id, or empty where the application's back end speaks; throws INVALID_ARGUMENT. */
export const operatorField = (field: string, text: string): UserId | '' => (text === '' ? '' : userField(field, text));

/** A field as user ids; throws INVALID_ARGUMENT. */
export const usersField = (field: string, texts: readonly string[]): readonly UserId[] => texts.map((text) => userField(field, text));
