import type { Client, People, RelationInfo } from '@parley/sdk';
import { named } from '../arguments.js';
import { type Output, UsageError } from '../output.js';
import { printable } from '../render.js';

type Action = (people: People, args: readonly string[], output: Output) => Promise<void>;

const actions: { readonly [name: string]: Action } = {
  me: async (people, _, output) => output.line(profileLine(await people.me())),
  show: async (people, users, output) => {
    for (const profile of await people.get(users)) output.line(profileLine(profile));
  },
  name: async (people, words, output) => output.line(profileLine(await people.update({ name: words.join(' ') }))),
  avatar: async (people, [avatar], output) => output.line(profileLine(await people.update({ avatar: avatar ?? '' }))),
  friends: async (people, _, output) => printRelations(output, (page) => people.friends({ page })),
  requests: async (people, _, output) => printRelations(output, (page) => people.requests({ page })),
  blocked: async (people, _, output) => printRelations(output, (page) => people.blocked({ page })),
  check: async (people, users, output) => {
    for (const relation of await people.check(users)) output.line(relationLine(relation));
  },
  add: async (people, [user], output) => step(output, people.add(named(user, 'whom'))),
  ask: async (people, [user, ...words], output) => step(output, people.ask(named(user, 'whom'), { text: words.join(' ') })),
  accept: async (people, [user], output) => step(output, people.answer(named(user, 'whom'), true)),
  reject: async (people, [user], output) => step(output, people.answer(named(user, 'whom'), false)),
  remove: async (people, [user], output) => step(output, people.remove(named(user, 'whom'))),
  alias: async (people, [user, ...words], output) => step(output, people.describe(named(user, 'whose'), { alias: words.join(' ') })),
  block: async (people, [user], output) => step(output, people.block(named(user, 'whom'))),
  unblock: async (people, [user], output) => step(output, people.unblock(named(user, 'whom'))),
};

/** In the order in which they are explained. */
export const userActions = Object.keys(actions);

/** Profiles, friends, blocked users. Throws ParleyClientError when it is refused. */
export async function actOnUser(
  client: Client,
  { action, args }: { readonly action: string; readonly args: readonly string[] },
  output: Output,
): Promise<void> {
  const act = actions[action];
  if (act === undefined) throw new UsageError(`not something to do with users: ${action} (${userActions.join(', ')})`);
  await act(client.people, args, output);
}

async function step(output: Output, outcomes: ReturnType<People['add']>): Promise<void> {
  for (const { other, relation } of await outcomes) output.line(relation === undefined ? other : relationLine(relation));
}

type Page = { readonly relations: readonly RelationInfo[]; readonly nextPage: string };

async function printRelations(output: Output, list: (page: string) => Promise<Page>): Promise<void> {
  let page = '';
  do {
    const found = await list(page);
    for (const relation of found.relations) output.line(relationLine(relation));
    page = found.nextPage;
  } while (page !== '');
}

const profileLine = ({ user, name, avatar }: { readonly user: string; readonly name: string; readonly avatar: string }): string =>
  [user, printable(name), printable(avatar)].filter((part) => part !== '').join('  ');

function relationLine({ other, alias, isFriend, isBlocked, sent, received }: RelationInfo): string {
  const facts = [
    isFriend ? 'friend' : '',
    isBlocked ? 'blocked' : '',
    sent?.state === 'waiting' ? 'asked' : '',
    received?.state === 'waiting' ? `asks: ${printable(received.text)}` : '',
  ].filter((fact) => fact !== '');
  return `${other}${alias === '' ? '' : ` (${printable(alias)})`}  ${facts.join(', ') || 'nothing'}`;
}
