import {
  createChangeRelationsResponse,
  createCheckRelationsResponse,
  createListRelationsResponse,
  createUpdateUserResponse,
  type UserService,
} from '@parley/contracts/user';
import type { ServiceClient } from '@parley/rpc';
import { createUserProfile } from '@parley/wire';
import { Calls, unexpected } from './calls.js';

type Client = ServiceClient<typeof UserService>;

/** A user service where everybody exists and every step succeeds. */
export class FakeUser implements Client {
  readonly calls = new Calls<keyof Client>();
  /** By user. */
  readonly avatars = new Map<string, string>();
  readonly eraseUser = unexpected;
  readonly exportUser = unexpected;

  readonly getUsers: Client['getUsers'] = async (request) => {
    await this.calls.note('getUsers', request);
    return {
      users: (request.users ?? []).map((user) =>
        createUserProfile({ user, name: `name of ${user}`, avatar: this.avatars.get(user), version: 1 }),
      ),
    };
  };
  readonly updateUser: Client['updateUser'] = async (request) => {
    await this.calls.note('updateUser', request);
    return createUpdateUserResponse({ user: { user: request.user, name: request.change?.name?.text, version: 2 } });
  };
  readonly changeRelations: Client['changeRelations'] = async (request) => {
    await this.calls.note('changeRelations', request);
    return createChangeRelationsResponse({ results: (request.others ?? []).map((other) => ({ other, error: 1042, relation: { other } })) });
  };
  readonly listRelations: Client['listRelations'] = async (request) => {
    await this.calls.note('listRelations', request);
    return createListRelationsResponse({ relations: [{ other: 'bob', isFriend: true }], nextPage: 'more', count: 7 });
  };
  readonly checkRelations: Client['checkRelations'] = async (request) => {
    await this.calls.note('checkRelations', request);
    return createCheckRelationsResponse({ relations: (request.others ?? []).map((other) => ({ other })) });
  };
}
