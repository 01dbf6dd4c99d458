import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { type ConversationEvent, decodeConversationEvent } from '@parley/wire';
import { act, badActs, badQuestions, type Case, pair, react, text } from './bad-acts.js';
import { memoryOf } from './memory-of.js';
import { errorIn, RawClient, type RequestBody } from './raw-client.js';
import { granted, grantedAtLast, refusalIn } from './room-requests.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

const growthBytesMax = 100 * 1024 * 1024;
/** How often who looks is told that somebody types. */
const typingEveryMs = 2_000;

let server: ServerUnderAttack;
let mal: RawClient;
let bob: RawClient;
beforeAll(async () => {
  server = await ServerUnderAttack.start();
  [mal, bob] = [await RawClient.login(server.url, server.app, 'mal'), await RawClient.login(server.url, server.app, 'bob')];
  const owner = await RawClient.login(server.url, server.app, 'owner');
  const says = (conversation: string, clientMsgId: string): RequestBody => ({
    type: 'send',
    value: { conversation, clientMsgId, content: text('hello') },
  });
  await granted(mal, says(pair, 'first'));
  await granted(bob, says(pair, 'second'));
  await granted(owner, { type: 'createGroup', value: { group: 'closed', members: ['bob'] } });
  await granted(owner, { type: 'createGroup', value: { group: 'open', members: ['mal', 'bob'] } });
  await granted(owner, says('g:closed', 'one'));
  await granted(owner, says('g:open', 'one'));
  await granted(owner, { type: 'enterRoom', value: { room: 'lounge' } });
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

async function refuses([, body, name, detail]: Case): Promise<void> {
  const refusal = await refusalIn(mal, body);
  expect(refusal).toMatchObject({ name });
  expect(refusal.message).toContain(detail);
  expect(await mal.isServed()).toBe(true);
}

describe('acts that must be refused', () => {
  it.each(badActs)('%s', (...row) => refuses(row));

  it('an act of an id under which another one was done', async () => {
    expect((await grantedAtLast(mal, act(react('+'), pair, 'same'))).type).toBe('stored');
    expect(await refusalIn(mal, act(react('-'), pair, 'same'))).toMatchObject({ name: 'IDEMPOTENCY_CONFLICT' });
    expect(await grantedAtLast(mal, act(react('+'), pair, 'same'))).toMatchObject({ type: 'stored', value: { seq: 3 } });
  });

  it('leave nothing behind', async () => {
    const answer = await granted(bob, { type: 'queryHistory', value: { conversation: pair, fromSeq: 1, atLeastSeq: 3 } });
    expect(answer).toMatchObject({ type: 'historyPage', value: { headSeq: 3 } });
    await server.checkHealth();
  });
});

describe('questions and changes that must be refused', () => {
  it.each(badQuestions)('%s', (...row) => refuses(row));

  it('a file of somebody else, in any way', async () => {
    const created = await granted(bob, {
      type: 'createUpload',
      value: { conversation: 'u:bob|owner', kind: 'file', name: 'a', mimeType: 'text/plain', sizeBytes: 5 },
    });
    if (created.type !== 'upload') throw new Error(created.type);
    const { media } = created.value;
    const complete: RequestBody = { type: 'completeUpload', value: { media } };
    expect(await refusalIn(mal, complete)).toMatchObject({ name: 'MEDIA_NOT_FOUND' });
    // As with a file that is not there: that is as good as cancelled.
    await grantedAtLast(mal, { type: 'cancelUpload', value: { media } });
    expect(await refusalIn(bob, complete)).toMatchObject({ name: 'MEDIA_REFUSED' });
    const inPair: RequestBody = { type: 'getDownloadUrl', value: { conversation: pair, media } };
    expect(await refusalIn(mal, inPair)).toMatchObject({ name: 'MEDIA_NOT_FOUND' });
    const share: RequestBody = { type: 'shareMedia', value: { media, fromConversation: 'u:bob|owner', toConversation: pair } };
    expect(await refusalIn(mal, share)).toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
    await granted(bob, { type: 'cancelUpload', value: { media } });
  });

  it('leave the server as it was', () => server.checkHealth());
});

/** What a client has of a class of requests where nothing is set. */
interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

describe('floods', () => {
  /** Answers to all of them, sent at once. */
  async function flood(
    client: RawClient,
    bodies: readonly RequestBody[],
  ): Promise<{ readonly granted: number; readonly names: ReadonlySet<string>; readonly seconds: number }> {
    const beganMs = systemClock.monotonic();
    const ids: number[] = [];
    for (const body of bodies) ids.push(client.send(body));
    const answers = await Promise.all(ids.map((id) => client.answerTo(id)));
    const seconds = (systemClock.monotonic() - beganMs) / 1_000;
    const refusals = answers.flatMap((answer) => (answer.type === 'error' ? [errorIn(answer).name] : []));
    return { granted: answers.length - refusals.length, names: new Set(refusals), seconds };
  }
  const many = (count: number, body: (index: number) => RequestBody): RequestBody[] =>
    Array.from({ length: count }, (_, index) => body(index));

  it.each<[string, Rate, RequestBody[]]>([
    ['acts', { perSecond: 20, burst: 40 }, many(350, (n) => act(react(`r${n % 10}`)))],
    [
      'cursors',
      { perSecond: 50, burst: 200 },
      many(350, (n) => ({ type: 'moveCursors', value: { cursors: [{ conversation: pair, readSeq: n + 1 }] } })),
    ],
    ['typing', { perSecond: 3, burst: 6 }, many(350, () => act({ type: 'typing', value: {} }))],
    ['searches', { perSecond: 2, burst: 5 }, many(100, () => ({ type: 'searchMessages', value: { search: { text: 'hello' } } }))],
    ['readings of everything', { perSecond: 0.2, burst: 3 }, many(100, () => ({ type: 'readAll', value: {} }))],
    [
      'steps towards others',
      { perSecond: 5, burst: 20 },
      many(100, (n) => ({ type: 'changeRelations', value: { others: [`x${n}`], step: { step: { type: 'ask', value: {} } } } })),
    ],
    [
      'uploads',
      { perSecond: 5, burst: 20 },
      many(100, () => ({
        type: 'createUpload',
        value: { conversation: pair, kind: 'file', name: 'a', mimeType: 'text/plain', sizeBytes: 5 },
      })),
    ],
    [
      'changes of a group',
      { perSecond: 10, burst: 100 },
      many(350, (n) => ({
        type: 'changeGroup',
        value: { group: 'open', operation: { kind: { type: 'setNickname', value: { user: 'mal', nickname: `n${n}` } } } },
      })),
    ],
  ])('of %s are refused beyond what a client has, with advice to wait, and cost others nothing', async (_name, rate, bodies) => {
    const flooder = await RawClient.login(server.url, server.app, 'mal');
    const before = memoryOf(server);
    const { granted: count, names, seconds } = await flood(flooder, bodies);
    expect(count).toBeLessThanOrEqual(rate.burst + rate.perSecond * seconds + 1);
    expect(names.size).toBeGreaterThan(0);
    for (const name of names) expect(['RATE_LIMITED', 'OVERLOADED']).toContain(name);
    expect((await grantedAtLast(flooder, { type: 'ping', value: {} })).type).toBe('pong');
    if (before !== undefined) expect((memoryOf(server) ?? 0) - before).toBeLessThan(growthBytesMax);
    await server.checkHealth();
  });

  it('of looking here and there cost others nothing', async () => {
    const flooder = await RawClient.login(server.url, server.app, 'mal');
    const looks = many(1_000, (n) => ({ type: 'look', value: { conversation: n % 2 === 0 ? pair : 'g:open' } }));
    expect(await flood(flooder, looks)).toMatchObject({ granted: looks.length });
    await server.checkHealth();
  });

  it('of typing reach who looks as one', async () => {
    await granted(bob, { type: 'look', value: { conversation: pair } });
    const flooder = await RawClient.login(server.url, server.app, 'mal');
    const told = (): readonly ConversationEvent[] =>
      bob.frames.flatMap(({ body }) => (body?.type === 'event' ? [decodeConversationEvent(body.value)] : []));
    const heard = (): number => told().filter(({ body }) => body?.type === 'typing').length;
    const before = heard();
    const beganMs = systemClock.monotonic();
    // A machine that is busy with something else may leave out all of a flood.
    for (let floods = 1; heard() === before; floods++) {
      await flood(
        flooder,
        many(100, () => act({ type: 'typing', value: {} })),
      );
      const clientMsgId = `after-${floods}`;
      await granted(flooder, { type: 'send', value: { conversation: pair, clientMsgId, content: text('after') } });
      await bob.until('what follows', () => told().find((event) => event.clientMsgId === clientMsgId));
    }
    expect(heard() - before).toBeLessThanOrEqual(1 + (systemClock.monotonic() - beganMs) / typingEveryMs);
  });
});
