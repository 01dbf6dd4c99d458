import type { BackEnd } from '../world/back-end.js';
import type { World } from '../world/world.js';
import type { Traces } from './traces.js';

type Call = readonly [method: string, request: Readonly<Record<string, unknown>>];

/** `<who reads what>: <place>` for every word that anybody can still read by the server's answers, lists and searches. */
export async function readEverything(world: World, traces: Traces): Promise<readonly string[]> {
  const back = world.backEnd();
  const found = new Set<string>();
  const calls = [...callsAboutPeople(traces), ...traces.conversations.flatMap((each) => callsAbout(each, traces))];
  for (const [method, request] of calls) {
    for (const place of traces.canaries.foundIn(await answersTo(back, method, request))) {
      found.add(`${method} ${JSON.stringify(request)}: ${place}`);
    }
  }
  for (const place of traces.canaries.places) {
    if (await isFound(back, traces, place)) found.add(`search: ${place}`);
  }
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

function callsAbout(conversation: string, { eve, bob, carol, dave }: Traces): readonly Call[] {
  const calls: Call[] = [['history/getMessages', { conversation, seqs: Array.from({ length: 100 }, (_, index) => `${index + 1}`) }]];
  for (const viewer of ['', eve, bob.user, carol.user, dave]) {
    const ask = { conversation, viewer };
    calls.push(['history/queryHistory', { ...ask, fromSeq: 1, limit: 100 }], ['history/queryHistory', { ...ask, backwards: true }]);
    calls.push(['history/listPins', ask], ['history/getConversationSummary', { conversation, user: viewer }]);
  }
  for (const seq of Array.from({ length: 24 }, (_, index) => `${index + 1}`)) {
    calls.push(['history/listReactions', { conversation, seq }], ['history/listReplies', { conversation, rootSeq: seq }]);
  }
  return calls;
}

/** Refusals count as silence: not everybody may ask everything. */
async function answersTo(back: BackEnd, method: string, request: Readonly<Record<string, unknown>>): Promise<string> {
  try {
    return JSON.stringify(await back.call(method, request));
  } catch (error) {
    return String(error);
  }
}

async function isFound(back: BackEnd, { bob, canaries, conversations }: Traces, place: string): Promise<boolean> {
  const text = canaries.wordOf(place);
  const asks = [{ viewer: bob.user, search: { text } }, ...conversations.map((conversation) => ({ search: { text, conversation } }))];
  for (const ask of asks) {
    const { events } = await back.call('history/searchMessages', ask);
    if ((events as unknown[]).length > 0) return true;
  }
  return false;
}
