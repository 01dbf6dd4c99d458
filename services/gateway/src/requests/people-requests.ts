import { limits, ParleyError } from '@parley/kernel';
import {
  type ChangeRelations,
  type CheckRelations,
  type GetUsers,
  type ListRelations,
  RelationKind,
  type UpdateProfile,
} from '@parley/wire';
import { type Answer, type Asker, demand, type RequestDeps } from './request-handler.js';
import { demandBytes, demandPage, demandSomeUsers } from './shared-checks.js';

/** Users that one request names. */
const usersMax = 100;
/** Others towards whom one request takes a step. */
const stepsMax = 20;

export async function getUsers(deps: RequestDeps, asker: Asker, { users }: GetUsers): Promise<Answer> {
  demandSomeUsers('users', users, usersMax);
  const answer = await deps.user.getUsers({ app: asker.app, users }, asker.call);
  return { type: 'users', value: answer };
}

/** Changes the own profile. */
export async function updateProfile(deps: RequestDeps, asker: Asker, { change }: UpdateProfile): Promise<Answer> {
  if (change === undefined) throw new ParleyError('INVALID_ARGUMENT', 'change: what is to be another');
  if (change.isErased) throw new ParleyError('PERMISSION_DENIED', 'change.is_erased: the back end only');
  const { name, avatar, extension } = change;
  demand(name !== undefined || avatar !== undefined || extension !== undefined, 'change: at least one of name, avatar, extension');
  demandBytes('change.name', name?.text ?? '', limits.userNameBytesMax);
  demandBytes('change.avatar', avatar?.text ?? '', limits.avatarBytesMax);
  demandBytes('change.extension', extension?.text ?? '', limits.userExtensionBytesMax);
  const { user } = await deps.user.updateUser({ app: asker.app, user: asker.user.id, change }, asker.call);
  return { type: 'users', value: { users: user === undefined ? [] : [user] } };
}

/** One step towards each of some other users. */
export async function changeRelations(deps: RequestDeps, asker: Asker, { others, step }: ChangeRelations): Promise<Answer> {
  demandSomeUsers('others', others, stepsMax);
  demand(step?.step !== undefined, 'step: one of add, ask, answer, remove, describe, block');
  const change = { app: asker.app, user: asker.user.id, others, step };
  const { results } = await deps.user.changeRelations(change, asker.call);
  return { type: 'relationResults', value: { results } };
}

export async function listRelations(deps: RequestDeps, asker: Asker, { kind, page, limit }: ListRelations): Promise<Answer> {
  demand(kind >= RelationKind.FRIENDS && kind <= RelationKind.REQUESTS, 'kind: FRIENDS, BLOCKED or REQUESTS');
  demandPage(limit);
  const answer = await deps.user.listRelations({ app: asker.app, user: asker.user.id, kind, page, limit }, asker.call);
  return { type: 'relations', value: answer };
}

export async function checkRelations(deps: RequestDeps, asker: Asker, { others }: CheckRelations): Promise<Answer> {
  demandSomeUsers('others', others, usersMax);
  const { relations } = await deps.user.checkRelations({ app: asker.app, user: asker.user.id, others }, asker.call);
  return { type: 'relations', value: { relations, count: relations.length } };
}
