import type { Client, Group, GroupOutcome, GroupView } from '@parley/sdk';
import { durationMs, keyAndValue, named } from '../arguments.js';
import { type Output, UsageError } from '../output.js';
import { printable, renderTime } from '../render.js';

export interface GroupRequest {
  readonly action: string;
  readonly group: string;
  readonly args: readonly string[];
}

type Action = (group: Group, args: readonly string[], context: { readonly client: Client; readonly output: Output }) => Promise<void>;

const aDay = 24 * 3_600_000;

const actions: { readonly [name: string]: Action } = {
  create: async ({ group }, members, { client, output }) => {
    const made = await client.createGroup({ id: group, name: group, members });
    output.line(`created g:${made.group} with ${made.memberCount} members`);
  },
  join: async (group, words, { client, output }) => {
    const outcome = await group.join(words.join(' '));
    const isAsked = outcome.asked.includes(client.userId);
    output.line(isAsked ? `asked to join ${group.id}: owner and admins answer` : `joined ${group.id}, ${countOf(outcome)} members`);
  },
  invite: async (group, users, { output }) => {
    const outcome = await group.invite(users);
    output.line(`${group.id} has ${countOf(outcome)} members`);
    if (outcome.asked.length > 0) output.line(`asked: ${outcome.asked.join(', ')}`);
  },
  info: async (group, _, { output }) => {
    for (const line of linesOf(await group.info())) output.line(line);
  },
  members: async (group, _, { output }) => {
    for (const user of await allMembers((page) => group.members({ page }))) output.line(user);
  },
  kick: async (group, users, { output }) => output.line(`kicked ${(await group.kick(users)).users.join(', ') || 'nobody'}`),
  role: async (group, [user, role], { output }) => versionLine(output, await group.setRole(named(user, 'whom'), roleOf(role))),
  transfer: async (group, [user], { output }) => versionLine(output, await group.transfer(named(user, 'to whom'))),
  nickname: async (group, words, { output }) => versionLine(output, await group.setNickname(words.join(' '))),
  rename: async (group, words, { output }) => versionLine(output, await group.update({ name: words.join(' ') })),
  notice: async (group, words, { output }) => versionLine(output, await group.update({ notice: words.join(' ') })),
  set: async (group, pairs, { output }) => versionLine(output, await group.setAttributes(Object.fromEntries(pairs.map(keyAndValue)))),
  delete: async (group, keys, { output }) => versionLine(output, await group.deleteAttributes(keys)),
  mute: async (group, [whom, duration], { output }) => {
    const target = named(whom, 'whom (a user or everyone)');
    const lastsMs = durationMs(duration) ?? aDay;
    versionLine(output, await (target === 'everyone' ? group.muteAll(lastsMs) : group.mute([target], lastsMs)));
  },
  unmute: async (group, [whom], { output }) => {
    const target = named(whom, 'whom (a user or everyone)');
    versionLine(output, await (target === 'everyone' ? group.unmuteAll() : group.unmute([target])));
  },
  requests: async (group, _, { output }) => {
    for (const { user, kind, text, sentMs } of (await group.requests()).requests) {
      output.line(`${user}  ${kind}  ${renderTime(sentMs, 'date')}  ${printable(text)}`);
    }
  },
  accept: async (group, [user], { output }) => versionLine(output, await group.answer(named(user, 'whom'), true)),
  reject: async (group, [user], { output }) => versionLine(output, await group.answer(named(user, 'whom'), false)),
  leave: async (group, _, { output }) => {
    await group.leave();
    output.line(`left ${group.id}`);
  },
  dismiss: async (group, _, { output }) => {
    await group.dismiss();
    output.line(`dismissed ${group.id}`);
  },
};

/** In the order in which they are explained. */
export const groupActions = Object.keys(actions);

/** One thing done with a group. Throws ParleyClientError when it is refused. */
export async function actOnGroup(client: Client, { action, group, args }: GroupRequest, output: Output): Promise<void> {
  const act = actions[action];
  if (act === undefined) throw new UsageError(`not something to do with a group: ${action} (${groupActions.join(', ')})`);
  await act(client.group(group.startsWith('g:') ? group.slice(2) : group), args, { client, output });
}

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

const countOf = ({ group }: GroupOutcome): string => String(group?.memberCount ?? '?');

const versionLine = (output: Output, { group }: GroupOutcome): void =>
  output.line(group === undefined ? 'done' : `g:${group.group} has version ${group.version}`);

function linesOf({ group, name, owner, admins, memberCount, version, notice, attributes, options }: GroupView): readonly string[] {
  return [
    `g:${group} (${printable(name)}), ${memberCount} members, owner ${owner}, version ${version}`,
    ...(admins.length > 0 ? [`admins: ${admins.join(', ')}`] : []),
    ...(notice === '' ? [] : [`notice: ${printable(notice)}`]),
    ...[...attributes].map(([key, value]) => `${printable(key)} = ${printable(value)}`),
    `joining ${options.join}, inviting by ${options.invite}, history ${options.historyAccess}`,
  ];
}

function roleOf(text: string | undefined): 'member' | 'admin' {
  if (text === 'member' || text === 'admin') return text;
  throw new UsageError(`not a role: ${text ?? ''} (member, admin)`);
}
