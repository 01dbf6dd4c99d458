import type { AggregateHostDeps } from '@parley/aggregates';
import { type AggregateSubject, type SubjectService, type TestCluster, type TestNode, testApp } from '@parley/aggregates/contract';
import { GroupService as GroupContract } from '@parley/contracts/group';
import { createGetRelationsResponse } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { defaultRules, type RulesBook } from '@parley/domain';
import { ParleyError } from '@parley/kernel';
import { createInProcessRpc, type ServiceClient } from '@parley/rpc';
import { groupLimits } from '../limits.js';
import type { Relations } from '../ports.js';
import { createGroupService } from '../service.js';

export type GroupClient = ServiceClient<typeof GroupContract>;
export interface GroupSubject extends SubjectService {
  readonly client: GroupClient;
}

/** Who blocks whom, as `<who>><whom>`; tests add and clear. */
export const blocks = new Set<string>();
/** Who has whom as a friend, in the same way. */
export const friends = new Set<string>();

/** In this app only friends write to each other. */
export const appOfFriends = 'friends';

const history: Relations = {
  getRelations: async ({ user = '', others = [] }) =>
    createGetRelationsResponse({
      // Those with whom there is nothing are left out.
      relations: others
        .filter((other) => [blocks, friends].some((pairs) => pairs.has(`${user}>${other}`) || pairs.has(`${other}>${user}`)))
        .map((other) => ({
          view: {
            other,
            isBlocked: blocks.has(`${user}>${other}`),
            isFriend: friends.has(`${user}>${other}`),
            isBefriended: friends.has(`${other}>${user}`),
          },
          isBlockedBy: blocks.has(`${other}>${user}`),
        })),
    }),
};

/** Only in the app of the tests do blocks stop invitations. */
const rules: RulesBook = {
  rulesOf: (app) => ({ ...defaultRules, blocksInvitations: app === testApp, friendsOnly: app === appOfFriends }),
};

function createSubject(deps: AggregateHostDeps): GroupSubject {
  const rpc = createInProcessRpc();
  const client = rpc.dialer.client(GroupContract, 'local');
  const service = createGroupService({ ...deps, history, rules, owners: client });
  rpc.server().serve(GroupContract, service.handlers);
  return {
    client,
    run: (signal) => service.run(signal),
    make: async (group, owner) => {
      const created = await client.createGroup({ app: testApp, group, owner, members: [], memberLimit: 20_000 });
      return created.group?.version ?? 0;
    },
    enter: async (group, users) => {
      const parts: (readonly string[])[] = [];
      for (let at = 0; at < users.length; at += groupLimits.inviteMax) parts.push(users.slice(at, at + groupLimits.inviteMax));
      const answers = await Promise.all(
        parts.map((part) =>
          part.length === 1
            ? client.joinGroup({ app: testApp, group, user: part[0] })
            : client.inviteToGroup({ app: testApp, group, users: part }),
        ),
      );
      return answers.at(-1)?.group?.version ?? 0;
    },
    leave: async (group, user) => {
      await client.leaveGroup({ app: testApp, group, user });
    },
    list: (group, page, limit) => client.listMembers({ app: testApp, group, page, limit }),
  };
}

/** The group service, as the suite of the skeleton tests it. */
export const groupSubject: AggregateSubject = {
  topic: topics.groupEvents,
  conversationOf: (id) => `g:${id}`,
  create: createSubject,
};

/** Calls to a node of the cluster. */
export const clientOf = ({ service }: TestNode): GroupClient => (service as GroupSubject).client;

export async function startGroups(cluster: TestCluster): Promise<GroupClient> {
  return clientOf(await cluster.start('a'));
}

/** Name and detail of the error that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => ParleyError.from(thrown),
  );
  return [error?.error ?? 'none', error?.detail ?? ''];
}
