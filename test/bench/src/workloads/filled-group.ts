import { Priority } from '@parley/wire';
import type { EdgeClient } from '../protocol/edge-client.js';
import { SendTemplate } from '../protocol/send-template.js';
import { AdminClient } from '../server/admin-client.js';
import type { Filler } from './filler.js';
import type { Sender } from './message-run.js';
import { forEachBounded } from './open-clients.js';
import { untilQuiet } from './until-quiet.js';
import { adminOf, type BenchContext } from './workload.js';

/** A group with a history. */
export interface FilledGroup {
  readonly conversation: string;
  /** How many it was filled with, and the seq of the first. */
  readonly messages: number;
  readonly firstSeq: number;
  /** A word that only one of the messages has. */
  wordOf(message: number): string;
  /** Who writes on, in turn: into the group, and to somebody who is away. */
  readonly writers: readonly Sender[];
}

export interface FillOptions {
  readonly name: string;
  readonly messages: number;
  /** Whether something is done to every message: all get reactions, every other one is edited. */
  readonly isChanged?: boolean;
}

interface FillDeps {
  readonly context: BenchContext;
  readonly filler: Filler;
  /** The members. */
  readonly clients: readonly EdgeClient[];
}

/** Makes a group of the clients and fills it. Resolves when the server has done what follows. */
export async function fillGroup({ context, filler, clients }: FillDeps, { name, messages, isChanged }: FillOptions): Promise<FilledGroup> {
  const { server, settings, clock, tag } = context;
  const admin = new AdminClient(adminOf(server), clock);
  const group = `${tag}-${name}`;
  const conversation = `g:${group}`;
  const [owner, ...members] = clients.map(({ user }) => user);
  await admin.call('group/createGroup', { app: server.app.app, group, name: 'bench', owner, members });
  const templateOf = (into: string): SendTemplate =>
    new SendTemplate({ conversation: into, priority: Priority.MEDIUM, textBytes: settings.textBytes });
  const inside = clients.map((client) => ({ client, template: templateOf(conversation) }));
  const outside = clients.map((client) => ({ client, template: templateOf(`u:${[client.user, `${tag}-away`].sort().join('|')}`) }));
  const indices = await filler.fill(inTurn(inside, messages));
  const firstSeq = (await headOf(clients, conversation)) - messages + 1;
  const filled: FilledGroup = {
    conversation,
    messages,
    firstSeq,
    // The texts of the generator end with the message's index.
    wordOf: (message) => String(indices[message] ?? 0).padStart(10, '0'),
    writers: inside.flatMap((each, at) => [each, outside[at] ?? each]),
  };
  if (isChanged === true) await changeMessages(context, admin, { filled, user: owner ?? '' });
  await untilQuiet(context);
  return filled;
}

async function headOf([client]: readonly EdgeClient[], conversation: string): Promise<number> {
  const asked = client?.request({ type: 'queryHistory', value: { conversation, backwards: true, limit: 1 } });
  client?.flush();
  const body = await asked;
  return body?.type === 'historyPage' ? body.value.headSeq : 0;
}

function* inTurn(senders: readonly Sender[], count: number): Generator<Sender> {
  for (let n = 0; n < count; n++) {
    const sender = senders[n % senders.length];
    if (sender !== undefined) yield sender;
  }
}

async function changeMessages(
  { server }: BenchContext,
  admin: AdminClient,
  { filled, user }: { readonly filled: FilledGroup; readonly user: string },
): Promise<void> {
  const { conversation, firstSeq, messages } = filled;
  const seqs = Array.from({ length: messages }, (_, at) => firstSeq + at);
  await forEachBounded(seqs, 16, async (seq) => {
    const act = (sender: string, what: object): Promise<unknown> =>
      admin.call('router/act', { app: server.app.app, conversation, sender, clientMsgId: `${sender}-${seq}`, act: what });
    await act(user, { react: { seq, reaction: '+1' } });
    if (seq % 2 === 0) await act('', { edit: { seq, content: { text: { text: `now ${seq}` } } } });
  });
}
