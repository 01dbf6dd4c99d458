import type { ChangeMemberAttributes, ChangeRoomAttributes, IncrementCounter, RenameRoom } from '@parley/wire';
import { type Answer, type Asker, demand, done, newValue, type RequestDeps } from './request-handler.js';
import { demandAttributes, demandCounter, demandRoom, memberAttributeLimits, roomAttributeLimits } from './room-checks.js';
import { demandName, demandUser } from './shared-checks.js';

const someChange = 'set, deleted: at least 1 key';

export async function changeRoomAttributes(deps: RequestDeps, asker: Asker, request: ChangeRoomAttributes): Promise<Answer> {
  const { room, set, deleted } = request;
  demandRoom(room);
  demand(set.length + deleted.length > 0, someChange);
  demandAttributes(set, deleted, roomAttributeLimits);
  const { stateVersion } = await deps.room.changeAttributes({ ...request, app: asker.app, operator: asker.user.id }, asker.call);
  return newValue(stateVersion);
}

export async function changeMemberAttributes(deps: RequestDeps, asker: Asker, request: ChangeMemberAttributes): Promise<Answer> {
  const { room, set, deleted } = request;
  demandRoom(room);
  const user = request.user === '' ? asker.user.id : request.user;
  demandUser('user', user);
  demand(set.length + deleted.length > 0, someChange);
  demandAttributes(set, deleted, memberAttributeLimits);
  const change = { app: asker.app, room, operator: asker.user.id, user, set, deleted };
  return newValue((await deps.room.changeMemberAttributes(change, asker.call)).version);
}

export async function incrementCounter(deps: RequestDeps, asker: Asker, request: IncrementCounter): Promise<Answer> {
  const { room, counter, nonce, total } = request;
  demandRoom(room);
  demandCounter(counter, nonce);
  const contribution = { app: asker.app, room, counter, user: asker.user.id, nonce, total };
  return newValue((await deps.room.incrementCounter(contribution, asker.call)).value);
}

export async function renameRoom(deps: RequestDeps, asker: Asker, { room, name }: RenameRoom): Promise<Answer> {
  demandRoom(room);
  demandName(name);
  await deps.room.renameRoom({ app: asker.app, room, operator: asker.user.id, name }, asker.call);
  return done;
}
