import type { UserService as Contract } from '@parley/contracts/user';
import type { CallContext, CallOptions, ServiceHandlers } from '@parley/rpc';
import { ErasureBook } from './erase/erasure-book.js';
import { createUserEvents } from './events.js';
import type { UserDeps } from './ports.js';
import { changeRelations } from './rpc/change-relations.js';
import { checkRelations } from './rpc/check-relations.js';
import { eraseUser } from './rpc/erase-user.js';
import { exportUser } from './rpc/export-user.js';
import { getUsers } from './rpc/get-users.js';
import { listRelations } from './rpc/list-relations.js';
import { updateUser } from './rpc/update-user.js';

/** What users show of themselves, and what they are to each other. */
export interface UserService {
  readonly handlers: ServiceHandlers<typeof Contract>;
}

/** Any number of processes may offer it: whatever must be kept, the routers order and history holds. */
export function createUserService(given: UserDeps): UserService {
  const deps = { ...given, events: createUserEvents(given.telemetry), book: new ErasureBook() };
  return {
    handlers: {
      getUsers: (request, context) => getUsers(deps, request, callOf(context)),
      updateUser: (request, context) => updateUser(deps, request, callOf(context)),
      changeRelations: (request, context) => changeRelations(deps, request, callOf(context)),
      listRelations: (request, context) => listRelations(deps, request, callOf(context)),
      checkRelations: (request, context) => checkRelations(deps, request, callOf(context)),
      eraseUser: (request, context) => eraseUser(deps, request, callOf(context)),
      exportUser: (request, context) => exportUser(deps, request, callOf(context)),
    },
  };
}

/** What the others are asked ends with the question, and belongs to the same trace. */
const callOf = ({ signal, trace }: CallContext): CallOptions => ({ signal, trace });
