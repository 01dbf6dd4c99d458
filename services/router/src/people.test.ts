import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '@parley/domain';
import { errorTable } from '@parley/kernel';
import { type ActInit, decodeConversationEvent, Priority, type RelationChangeInit } from '@parley/wire';
import { RouterFixture, textContent } from './testing/router-fixture.js';
import { ProjectingHistory } from './testing/projecting-history.js';

const pair = 'u:ann|bob';
const codeOf = (name: keyof typeof errorTable): number => errorTable[name].code;

type Kind = ActInit['kind'];
type Step = RelationChangeInit['step'];
const block = (isOn: boolean): Step => ({ type: 'block', value: { isOn } });
const befriend: Step = { type: 'add', value: {} };
const typing: Kind = { type: 'typing', value: {} };

async function open(rules = defaultRules, history = new ProjectingHistory()): Promise<RouterFixture> {
  const routers = await RouterFixture.open(history);
  routers.startRouter('a', undefined, rules);
  return routers;
}

/** What the user service does for a user, or for the back end. */
const relate = (routers: RouterFixture, [user, other]: readonly [string, string], step: Step, sender = '') =>
  routers.act(pair, sender, { type: 'relation', value: { user, other, step } }, { isPrivileged: true });

const told = (routers: RouterFixture, user: string) =>
  routers.deliveries.filter(({ channels }) => channels.includes(`user:${user}`)).map(({ event }) => decodeConversationEvent(event));

describe('relations', () => {
  it('lie in the order of the two, without a seq, and each hears the own view', async () => {
    await using routers = await open();
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    const step: Step = { type: 'ask', value: { text: 'hello', alias: 'Bobby' } };
    expect(await relate(routers, ['ann', 'bob'], step, 'ann')).toMatchObject({ error: 0, seq: 0, version: 1 });
    await routers.until(() => told(routers, 'bob')[0]);
    const [toAnn] = told(routers, 'ann');
    const [toBob] = told(routers, 'bob');
    expect(toAnn).toMatchObject({
      seq: 0,
      body: { type: 'relation', value: { relation: { other: 'bob', alias: 'Bobby', sent: { text: 'hello' } } } },
    });
    expect(toBob).toMatchObject({
      seq: 0,
      body: { value: { relation: { other: 'ann', alias: '', received: { text: 'hello' }, version: 1 } } },
    });
    const [entry] = await routers.entries();
    expect(entry?.relation).toMatchObject({ a: { user: 'ann', alias: 'Bobby' }, b: { user: 'bob' }, version: 1 });
    expect(await routers.send(pair, 'ann')).toMatchObject({ error: 0, seq: 1 });
  });

  it('that are so already change nothing and keep their version', async () => {
    await using routers = await open();
    await relate(routers, ['ann', 'bob'], befriend);
    expect(await relate(routers, ['bob', 'ann'], befriend)).toMatchObject({ error: 0, seq: 0, version: 1 });
    expect(await routers.timeline()).toHaveLength(1);
  });

  it('do not tell the other one of a block', async () => {
    await using routers = await open();
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    await relate(routers, ['ann', 'bob'], block(true));
    await relate(routers, ['ann', 'bob'], block(false));
    await routers.send(pair, 'ann');
    await routers.until(() => told(routers, 'bob')[0]);
    expect(told(routers, 'bob').map(({ body }) => body?.type)).toEqual(['content']);
    expect(told(routers, 'ann').map(({ body }) => body?.type)).toEqual(['relation', 'relation', 'content']);
  });

  it('are changed by the server’s own services only', async () => {
    await using routers = await open();
    const act = { type: 'relation', value: { user: 'ann', other: 'bob', step: befriend } } as const;
    expect((await routers.act(pair, 'ann', act)).error).toBe(codeOf('PERMISSION_DENIED'));
  });
});

describe('the erasure of a user', () => {
  const erase = (isRelationOnly = false): Kind => ({ type: 'erase', value: { user: 'ann', isRelationOnly } });
  const relationsOf = (routers: RouterFixture, user: string) =>
    told(routers, user).flatMap(({ seq, body }) => (body?.type === 'relation' ? [{ seq, ...body.value.relation }] : []));

  it('takes along what the user was to the other one, and both are told', async () => {
    await using routers = await open();
    await relate(routers, ['ann', 'bob'], { type: 'add', value: { alias: 'Bobby' } });
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    expect(await routers.act(pair, '', erase(), { isPrivileged: true })).toMatchObject({ error: 0, seq: 1 });
    for (const user of ['ann', 'bob']) await routers.until(() => relationsOf(routers, user)[0]);
    expect(relationsOf(routers, 'ann')).toMatchObject([{ seq: 0, other: 'bob', alias: '', isFriend: false, version: 2 }]);
    expect(relationsOf(routers, 'bob')).toMatchObject([{ seq: 0, other: 'ann', isBefriended: false, isFriend: false, version: 2 }]);
    expect(told(routers, 'bob').map(({ body }) => body?.type)).toEqual(['erased', 'relation']);
    expect(routers.deliveries.filter(({ seq }) => seq > 0)).toHaveLength(1);
    expect((await routers.entries()).at(-1)?.relation).toMatchObject({ a: { user: 'ann', alias: '' }, version: 2 });
  });

  it('leaves no trace where nothing was said', async () => {
    await using routers = await open();
    await relate(routers, ['ann', 'bob'], befriend);
    expect(await routers.act(pair, '', erase(true), { isPrivileged: true })).toMatchObject({ error: 0, seq: 0 });
    expect((await routers.entries()).at(-1)?.relation).toMatchObject({ a: { isFriend: false }, b: { isFriend: false } });
    expect(await routers.act(pair, '', erase(true), { isPrivileged: true })).toMatchObject({ error: 0, seq: 0 });
    expect(await routers.timeline()).toHaveLength(2);
  });
});

describe('who is blocked', () => {
  it('can neither write, nor act, nor be seen typing; but take back what was said', async () => {
    await using routers = await open();
    await routers.send(pair, 'bob');
    await relate(routers, ['ann', 'bob'], block(true));
    expect((await routers.send(pair, 'bob')).error).toBe(codeOf('BLOCKED'));
    const edit: Kind = { type: 'edit', value: { seq: 1, content: textContent('new') } };
    const react: Kind = { type: 'react', value: { seq: 1, reaction: '👍' } };
    for (const kind of [edit, react, { type: 'pin', value: { seq: 1 } }, typing] as const) {
      expect((await routers.act(pair, 'bob', kind)).error).toBe(codeOf('BLOCKED'));
    }
    expect((await routers.act(pair, 'bob', { type: 'recall', value: { seq: 1 } })).error).toBe(0);
    expect((await routers.send(pair, 'bob', { isPrivileged: true })).error).toBe(0);
    await relate(routers, ['ann', 'bob'], block(false));
    expect((await routers.send(pair, 'bob')).error).toBe(0);
  });

  it.each([
    [true, codeOf('BLOCKED')],
    [false, 0],
  ])('stops who blocks as well, as the app wants it: %s', async (blocksBothWays, error) => {
    await using routers = await open({ ...defaultRules, blocksBothWays });
    await relate(routers, ['ann', 'bob'], block(true));
    expect((await routers.send(pair, 'ann')).error).toBe(error);
  });

  it('learns what became of a message that was stored before', async () => {
    await using routers = await open();
    const first = await routers.send(pair, 'bob', { clientMsgId: 'x' });
    await relate(routers, ['ann', 'bob'], block(true));
    expect(await routers.send(pair, 'bob', { clientMsgId: 'x', isRetry: true })).toMatchObject({ error: 0, seq: first.seq });
  });
});

describe('an app for friends only', () => {
  it('lets those write to each other who both have the other as a friend, and everybody to themselves', async () => {
    await using routers = await open({ ...defaultRules, friendsOnly: true });
    expect((await routers.send(pair, 'ann')).error).toBe(codeOf('NOT_FRIENDS'));
    expect((await routers.act(pair, 'ann', typing)).error).toBe(codeOf('NOT_FRIENDS'));
    await relate(routers, ['ann', 'bob'], { type: 'add', value: { isOneSided: true } });
    expect((await routers.send(pair, 'ann')).error).toBe(codeOf('NOT_FRIENDS'));
    await relate(routers, ['bob', 'ann'], befriend);
    expect((await routers.send(pair, 'ann')).error).toBe(0);
    expect((await routers.send('u:ann|ann', 'ann')).error).toBe(0);
    await relate(routers, ['bob', 'ann'], { type: 'remove', value: { isOneSided: true } });
    expect((await routers.send(pair, 'bob')).error).toBe(codeOf('NOT_FRIENDS'));
  });
});

describe('profiles', () => {
  const self = 'u:ann|ann';
  const change: Kind = { type: 'profile', value: { name: { text: 'Ann' } } };

  it('lie in the conversation of a user with themselves, and the own devices hear of changes', async () => {
    await using routers = await open();
    await routers.subscribe('user:ann');
    expect(await routers.act(self, 'ann', change, { isPrivileged: true })).toMatchObject({ error: 0, seq: 0, version: 1 });
    const [event] = await routers.until(() => (told(routers, 'ann').length > 0 ? told(routers, 'ann') : undefined));
    expect(event).toMatchObject({ body: { type: 'profile', value: { profile: { user: 'ann', name: 'Ann', version: 1 } } } });
    expect((await routers.entries())[0]?.profile).toMatchObject({ user: 'ann', name: 'Ann', version: 1 });
    expect(await routers.act(self, 'ann', change, { isPrivileged: true })).toMatchObject({ error: 0, version: 1 });
    expect(await routers.timeline()).toHaveLength(1);
  });

  it('are told to friends by notices, on their own channels', async () => {
    await using routers = await open();
    for (const user of ['ann', 'bob']) await routers.subscribe(`user:${user}`);
    const profile = { user: 'ann', name: 'Ann', version: 1 };
    const notice = { type: 'notice', value: { onlyTo: ['bob'], body: { type: 'profile', value: { profile } } } } as const;
    expect((await routers.decide({ conversation: self, body: notice })).error).toBe(0);
    await routers.until(() => told(routers, 'bob')[0]);
    expect(routers.deliveries).toHaveLength(1);
    expect(routers.deliveries[0]).toMatchObject({ channels: ['user:bob'], priority: Priority.MEDIUM, conversation: self });
    expect(told(routers, 'bob')[0]).toMatchObject({ seq: 0, sender: 'ann', body: { type: 'profile' } });
  });
});

describe('after a take-over', () => {
  it.each([
    ['the timeline', true],
    ['history', false],
  ])('relation, profile and rules are exactly as they were, from %s', async (_where, isHeld) => {
    const history = new ProjectingHistory();
    await using routers = await RouterFixture.open(history);
    const first = routers.startRouter('a');
    await relate(routers, ['ann', 'bob'], befriend);
    if (isHeld) await history.hold();
    await routers.act('u:ann|ann', 'ann', { type: 'profile', value: { name: { text: 'Ann' } } }, { isPrivileged: true });
    await routers.act(pair, 'ann', { type: 'rules', value: { destroyAfterMs: 60_000 } });
    await relate(routers, ['ann', 'bob'], block(true));
    await first.stop();
    routers.startRouter('b');
    expect((await routers.send(pair, 'bob')).error).toBe(codeOf('BLOCKED'));
    expect(await relate(routers, ['ann', 'bob'], block(false))).toMatchObject({ version: 3 });
    const profile: Kind = { type: 'profile', value: { avatar: { text: 'a.png' } } };
    expect(await routers.act('u:ann|ann', 'ann', profile, { isPrivileged: true })).toMatchObject({ version: 2 });
    const sent = await routers.send(pair, 'bob');
    expect(sent).toMatchObject({ error: 0, seq: 2 });
    expect((await routers.timeline()).at(-1)?.options?.expiresMs).toBe(sent.timeMs + 60_000);
    expect((await routers.entries()).at(-2)?.profile).toMatchObject({ name: 'Ann', avatar: 'a.png' });
  });
});
