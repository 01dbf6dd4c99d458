import type { Client, GroupOutcome } from '@parley/sdk';
import { type Output, UsageError } from '../output.js';

export const groupActions = ['create', 'join', 'invite', 'leave', 'dismiss', 'members'] as const;

/** One thing done with a group. Throws ParleyClientError when it is refused. */
export async function actOnGroup(
  client: Client,
  request: { readonly action: string; readonly group: string; readonly users: readonly string[] },
  output: Output,
): Promise<void> {
  const { group, users } = request;
  switch (request.action) {
    case 'create': {
      const info = await client.createGroup({ id: group, name: group, members: users });
      output.line(`created g:${info.group} with ${info.memberCount} members`);
      return;
    }
    case 'join':
      output.line(`joined g:${group}, ${await membersOf(client.joinGroup(group))} members`);
      return;
    case 'invite':
      output.line(`g:${group} has ${await membersOf(client.inviteToGroup(group, users))} members`);
      return;
    case 'leave':
      await client.leaveGroup(group);
      output.line(`left g:${group}`);
      return;
    case 'dismiss':
      await client.dismissGroup(group);
      output.line(`dismissed g:${group}`);
      return;
    case 'members':
      for (const user of await allMembers((page) => client.listGroupMembers(group, { page }))) output.line(user);
      return;
    default:
      throw new UsageError(`not something to do with a group: ${request.action} (${groupActions.join(', ')})`);
  }
}

const membersOf = async (outcome: Promise<GroupOutcome>): Promise<number> => (await outcome).group?.memberCount ?? 0;

/** Every page of a member list. */
export async function allMembers(
  list: (page: string) => Promise<{ readonly users: readonly string[]; readonly nextPage: string }>,
): Promise<readonly string[]> {
  const users: string[] = [];
  let page = '';
  do {
    const found = await list(page);
    users.push(...found.users);
    page = found.nextPage;
  } while (page !== '');
  return users;
}
