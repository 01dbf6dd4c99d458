import { forEachOf } from '../usecases/crowd.js';
import type { BackEnd } from '../world/back-end.js';
import type { World } from '../world/world.js';
import { canaryMark } from './canaries.js';
import type { Traces } from './traces.js';

type Call = readonly [method: string, request: Readonly<Record<string, unknown>>];

/** `<who reads what>: <place>` for every word that anybody can still read by the server's answers, lists and searches. */
export async function readEverything(world: World, traces: Traces): Promise<readonly string[]> {
  const back = world.backEnd();
  const found = new Set<string>();
  const heads = await Promise.all(traces.conversations.map((conversation) => back.headOf(conversation)));
  const calls = traces.conversations.flatMap((each, index) => callsAbout(each, heads[index] ?? 0, traces));
  await forEachOf([...callsAboutPeople(traces), ...calls, ...searches(traces)], async ([method, request]) => {
    for (const place of traces.canaries.foundIn(await answersTo(back, method, request))) {
      found.add(`${method} ${JSON.stringify(request)}: ${place}`);
    }
  });
  for (const place of traces.canaries.foundIn(await exportOf(back, traces.bob.user))) found.add(`export of another user: ${place}`);
  return [...found].sort();
}

/** All lines of a user's export. */
export async function exportOf(back: BackEnd, user: string): Promise<string> {
  const lines: string[] = [];
  for (let page = ''; ; ) {
    const answer = await back.call('user/exportUser', { user, page });
    lines.push(...(answer['lines'] as string[]));
    page = String(answer['nextPage']);
    if (page === '') return lines.join('\n');
  }
}

function callsAboutPeople({ eve, bob, carol, dave, groups, room }: Traces): readonly Call[] {
  const calls: Call[] = [['user/getUsers', { users: [eve, bob.user] }]];
  for (const user of [eve, bob.user, carol.user, dave]) {
    calls.push(['history/queryConversations', { user, filter: { withHidden: true } }], ['history/listConversations', { user }]);
    for (const kind of ['FRIENDS', 'BLOCKED', 'REQUESTS']) calls.push(['user/listRelations', { user, kind: `RELATION_KIND_${kind}` }]);
    calls.push(['user/checkRelations', { user, others: [eve, bob.user, carol.user] }]);
    calls.push(['push/listUnreached', { user }], ['media/listMedia', { user }], ['history/listUserMessages', { user }]);
  }
  for (const group of groups) {
    calls.push(['group/getGroup', { group }], ['group/listMembers', { group }], ['group/listRequests', { group }]);
    calls.push(['group/getMembers', { group, users: [eve, bob.user] }]);
  }
  calls.push(['room/getRoom', { room }], ['room/listMembers', { room }], ['history/listReports', {}]);
  return calls;
}

function callsAbout(conversation: string, head: number, { eve, bob, carol, dave }: Traces): readonly Call[] {
  const calls: Call[] = [['history/getMessages', { conversation, seqs: Array.from({ length: 100 }, (_, index) => `${index + 1}`) }]];
  for (const viewer of ['', eve, bob.user, carol.user, dave]) {
    const ask = { conversation, viewer };
    calls.push(['history/queryHistory', { ...ask, fromSeq: 1, limit: 100 }], ['history/queryHistory', { ...ask, backwards: true }]);
    calls.push(['history/listPins', ask], ['history/getConversationSummary', { conversation, user: viewer }]);
  }
  for (const seq of Array.from({ length: head }, (_, index) => `${index + 1}`)) {
    calls.push(['history/listReactions', { conversation, seq }], ['history/listReplies', { conversation, rootSeq: seq }]);
  }
  return calls;
}

/** For all words at once: they begin alike, and what is searched for may be a beginning. */
function searches({ bob, carol, conversations }: Traces): readonly Call[] {
  const asks = [
    ...[bob.user, carol.user].map((viewer) => ({ viewer, search: { text: canaryMark } })),
    ...conversations.map((conversation) => ({ search: { text: canaryMark, conversation } })),
  ];
  return asks.map((ask): Call => ['history/searchMessages', { ...ask, limit: 100 }]);
}

/** Refusals count as silence: not everybody may ask everything. */
async function answersTo(back: BackEnd, method: string, request: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    return JSON.stringify(await back.call(method, request));
  } catch (error) {
    return String(error);
  }
}
