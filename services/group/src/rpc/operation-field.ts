import { userField, usersField } from '@parley/aggregates';
import { limits, ParleyError } from '@parley/kernel';
import type { GroupOperation } from '@parley/wire';

type Kind = NonNullable<GroupOperation['kind']>;

/** The field as an operation whose user ids are such; throws INVALID_ARGUMENT, which names the field. */
export function operationField(operation: GroupOperation | undefined): Kind {
  const kind = operation?.kind;
  if (kind === undefined) throw new ParleyError('INVALID_ARGUMENT', 'operation: missing, or of an unknown kind');
  const { value } = kind;
  if ('user' in value) userField('user', value.user);
  if ('users' in value) someUsersField('users', value.users, kind.type === 'mute' ? 0 : 1);
  return kind;
}

/** A field as user ids, as many as one operation may name; throws INVALID_ARGUMENT. */
export function someUsersField(field: string, users: readonly string[], least: number): ReturnType<typeof usersField> {
  const { groupInviteMax } = limits;
  if (users.length < least || users.length > groupInviteMax) {
    throw new ParleyError('INVALID_ARGUMENT', `${field}: ${least} to ${groupInviteMax}`);
  }
  return usersField(field, users);
}
