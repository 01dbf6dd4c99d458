import { describe, expect, it } from '@jest/globals';
import { encodeConversationEvent } from '@parley/wire';
import { noMischief } from '../src/fake/fake-server.js';
import { makeWorld, record, upTo } from './world.js';

describe('live events', () => {
  it('come in order although they overtook each other, without a fetch', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.say('g:team', 'zero');
    const { seen } = await world.online('alice');
    const delays = [90, 60, 30, 0];
    world.server.mischief = { ...noMischief, eventDelayMs: () => delays.shift() ?? 0 };
    for (const n of upTo(4)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(140);
    expect(seen.texts()).toEqual(['zero', 'm1', 'm2', 'm3', 'm4']);
    expect(queries(world.server.link)).toBe(1);
  });

  it('that were lost are fetched after a moment and delivered in their place', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.say('g:team', 'm0');
    const { seen } = await world.online('alice');
    const copies = [0, 0, 1];
    world.server.mischief = { ...noMischief, eventCopies: () => copies.shift() ?? 1 };
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(100);
    expect(seen.texts()).toEqual(['m0']);
    await world.clock.advance(100);
    expect(seen.texts()).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(seen.gaps).toEqual([]);
  });

  it('that came twice are delivered once', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    world.server.mischief = { ...noMischief, eventCopies: () => 3 };
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['m1', 'm2', 'm3']);
  });

  it('without a seq are delivered at once, whatever is missing before them', async () => {
    const world = makeWorld();
    const { seen } = await world.online('alice');
    const value = encodeConversationEvent({
      conversation: 'u:alice|bob',
      sender: 'bob',
      body: { type: 'content', value: Uint8Array.from([66, 3, 10, 1, 7]) },
    });
    world.server.push(world.server.link, { type: 'event', value });
    await world.clock.advance(2);
    expect(seen.messages).toMatchObject([{ seq: 0, content: { type: 'command', payload: Uint8Array.from([7]) } }]);
  });

  it('are fetched when the server only says that the head has moved', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    world.server.mischief = { ...noMischief, eventCopies: () => 0 };
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['m1', 'm2', 'm3']);
  });

  it('of an own send and of others share one order', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { client, seen } = await world.online('alice');
    const delays = [50];
    world.server.mischief = { ...noMischief, eventDelayMs: () => delays.shift() ?? 0 };
    world.server.say('g:team', 'theirs');
    const handle = client.group('team').send('mine');
    await world.clock.advance(10);
    expect(handle.seq).toBe(2);
    expect(seen.texts()).toEqual([]);
    await world.clock.advance(100);
    expect(seen.texts()).toEqual(['theirs', 'mine']);
  });

  it('of a kind from the future keep their place', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    world.server.say('g:team', 'm1');
    await world.clock.advance(200);
    // Field 99 is a body that nobody knows yet.
    const value = Uint8Array.of(...encodeConversationEvent({ conversation: 'g:team', seq: 2 }), 0x9a, 0x06, 0);
    world.server.push(world.server.link, { type: 'event', value });
    await world.clock.advance(200);
    expect(seen.events.map(({ type, seq }) => [type, seq])).toEqual([
      ['message', 1],
      ['unknown', 2],
    ]);
  });

  it('are fetched again when the fetch fails for a while', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.say('g:team', 'm1');
    let refusals = 3;
    world.server.answers.set('queryHistory', () => {
      if (--refusals === 0) world.server.answers.clear();
      return world.server.refuse('UNAVAILABLE');
    });
    const { seen } = await world.online('alice');
    await world.clock.advance(10_000);
    expect(refusals).toBe(0);
    expect(seen.texts()).toEqual(['m1']);
  });

  it('are given up, visibly, when the server refuses to tell', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.say('g:team', 'm1');
    world.server.answers.set('queryHistory', () => world.server.refuse('CONVERSATION_NOT_FOUND'));
    const { seen } = await world.online('alice');
    expect(seen.gaps).toMatchObject([
      { conversation: 'g:team', fromSeq: 1, toSeq: 1, reason: 'refused', error: { name: 'CONVERSATION_NOT_FOUND' } },
    ]);
    world.server.say('g:team', 'm2');
    await world.clock.advance(100);
    expect(seen.texts()).toEqual(['m2']);
  });
});

describe('catching up', () => {
  it('brings every conversation up to its head after the first login, and says when it is done', async () => {
    const world = makeWorld();
    for (const group of ['a', 'b', 'c', 'd', 'e']) {
      world.server.group(group, ['alice']);
      for (const n of upTo(7)) world.server.say(`g:${group}`, `${group}${n}`);
    }
    const { seen } = await world.online('alice');
    expect(seen.conversations).toEqual(['g:a', 'g:b', 'g:c', 'g:d', 'g:e']);
    for (const group of ['a', 'b', 'c', 'd', 'e']) expect(seen.seqs(`g:${group}`)).toEqual(upTo(7));
    expect(seen.caughtUp).toBe(1);
  });

  it('fetches only the newest of a long conversation and names the rest', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(1_000)) world.server.say('g:team', `m${n}`);
    const { seen } = await world.online('alice');
    expect(seen.gaps).toEqual([{ conversation: 'g:team', fromSeq: 1, toSeq: 800, reason: 'catch-up-limit' }]);
    expect(seen.seqs('g:team')).toEqual(upTo(1_000, 801));
  });

  it('does not call missing what lies before the user joined', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']).firstSeq = 40;
    for (const n of upTo(50)) world.server.say('g:team', `m${n}`);
    const { seen } = await world.online('alice');
    expect(seen.seqs('g:team')).toEqual(upTo(50, 40));
    expect(seen.gaps).toEqual([]);
  });

  it('only tells the heads when asked to, and starts behind them', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(5)) world.server.say('g:team', `m${n}`);
    const { seen } = await world.online('alice', { catchUp: 'heads' });
    world.server.say('g:team', 'm6');
    world.server.group('new', ['alice']);
    world.server.say('g:new', 'n1');
    await world.clock.advance(1_000);
    expect(seen.conversations).toEqual(['g:team']);
    expect(seen.seqs('g:team')).toEqual([6]);
    expect(seen.seqs('g:new')).toEqual([1]);
    expect(queries(world.server.link)).toBe(0);
  });

  it('delivers what arrives during the first sync even when only heads are asked for', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const alice = world.client('alice', { catchUp: 'heads' });
    const seen = record(alice);
    const connected = alice.connect();
    await world.clock.until(() => alice.status.state === 'online');
    await connected;
    world.server.say('g:team', 'm1');
    await world.clock.advance(1_000);
    expect(seen.conversations).toEqual(['g:team']);
    expect(seen.texts()).toEqual(['m1']);
  });

  it('after a complete resume needs nothing but the replay', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    const syncs = syncCount(world.server);
    world.server.link.end.break();
    await world.clock.advance(1);
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(5_000);
    expect(seen.texts()).toEqual(['m1', 'm2', 'm3']);
    expect(syncCount(world.server)).toBe(syncs);
  });

  it('after an incomplete resume syncs from the cursor', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.group('quiet', ['alice']);
    world.server.say('g:quiet', 'q1');
    const { seen } = await world.online('alice');
    world.server.resumeBufferMax = 0;
    world.server.link.end.break();
    await world.clock.advance(1);
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    await world.clock.advance(5_000);
    expect(seen.texts()).toEqual(['q1', 'm1', 'm2', 'm3']);
    expect(seen.conversations).toEqual(['g:quiet', 'g:team']);
  });

  it('happens after a deaf connection although the server believes that nothing was missed', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    world.server.isSilent = true;
    world.server.say('g:team', 'never arrived');
    await world.clock.advance(25_000);
    world.server.isSilent = false;
    await world.clock.advance(40_000);
    expect(seen.states.at(-1)).toMatchObject({ state: 'online', isResumed: true, isComplete: false });
    expect(seen.texts()).toEqual(['never arrived']);
  });

  it('happens when the server asks for it', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    const { seen } = await world.online('alice');
    const { link } = world.server;
    link.isOpen = false;
    world.server.say('g:team', 'missed');
    link.isOpen = true;
    world.server.push(link, { type: 'resyncNeeded', value: {} });
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['missed']);
  });

  it('is done again when the connection breaks in the middle of it', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    world.server.answers.set('sync', (_, link) => {
      world.server.answers.clear();
      link.end.break();
      return undefined;
    });
    const alice = world.client('alice');
    const seen = record(alice);
    void alice.connect();
    await world.clock.advance(10_000);
    expect(world.server.links).toHaveLength(2);
    expect(seen.texts()).toEqual(['m1', 'm2', 'm3']);
  });

  it('goes on in the next run of the application where the last one stopped', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(3)) world.server.say('g:team', `m${n}`);
    const first = await world.online('alice');
    const position = JSON.parse(JSON.stringify(first.client.position)) as typeof first.client.position;
    first.client.close();
    for (const n of upTo(5, 4)) world.server.say('g:team', `m${n}`);
    const second = await world.online('alice', { position });
    expect(second.seen.texts()).toEqual(['m4', 'm5']);
  });

  it('does not move the kept cursor past what was not delivered yet', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    world.server.say('g:team', 'm1');
    world.server.answers.set('queryHistory', () => world.server.refuse('UNAVAILABLE'));
    const first = await world.online('alice');
    const { position } = first.client;
    first.client.close();
    world.server.answers.clear();
    const second = await world.online('alice', { position });
    expect(second.seen.texts()).toEqual(['m1']);
  });

  it('starts over when history was rebuilt, and says so', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(5)) world.server.say('g:team', `old${n}`);
    const { seen } = await world.online('alice');
    world.server.rebuild('epoch-2');
    for (const n of upTo(2)) world.server.say('g:team', `new${n}`);
    world.server.push(world.server.link, { type: 'resyncNeeded', value: {} });
    await world.clock.advance(5_000);
    expect(seen.resets).toEqual(['epoch-2']);
    expect(seen.texts().slice(5)).toEqual(['new1', 'new2']);
    world.server.say('g:team', 'new3');
    await world.clock.advance(1_000);
    expect(seen.texts().at(-1)).toBe('new3');
  });

  it('begins a group that was joined meanwhile at the joining', async () => {
    const world = makeWorld();
    const { seen } = await world.online('alice');
    const membership = { joined: ['alice'], left: [], operator: 'bob', version: 2, closed: false };
    const value = encodeConversationEvent({ conversation: 'g:late', seq: 57, body: { type: 'membership', value: membership } });
    world.server.push(world.server.link, { type: 'event', value });
    await world.clock.advance(10);
    expect(seen.events).toMatchObject([{ type: 'membership', seq: 57, joined: ['alice'] }]);
  });
});

describe('a room', () => {
  it('begins where it was entered', async () => {
    const world = makeWorld();
    for (const n of upTo(9)) world.server.say('r:live', `m${n}`);
    const { client, seen } = await world.online('alice');
    const entered = client.enterRoom('live');
    await world.clock.advance(10);
    await expect(entered).resolves.toMatchObject({ room: 'live', memberCount: 1 });
    world.server.say('r:live', 'm10');
    await world.clock.advance(1_000);
    expect(seen.texts()).toEqual(['m10']);
    expect(seen.gaps).toEqual([]);
  });

  it('is entered again after a reconnect that starts a new session, before anything is sent to it', async () => {
    const world = makeWorld();
    const { client, seen } = await world.online('alice');
    void client.enterRoom('live');
    await world.clock.advance(100);
    world.server.forgetSessions();
    world.server.conversations.get('r:live')?.members.clear();
    world.server.link.end.break();
    client.room('live').send('back');
    await world.clock.advance(5_000);
    const kinds = world.server.link.received.map(({ body }) => body?.type).filter((type) => type === 'enterRoom' || type === 'send');
    expect(kinds).toEqual(['enterRoom', 'send']);
    expect(seen.texts()).toEqual(['back']);
    world.server.say('r:live', 'welcome back');
    await world.clock.advance(100);
    expect(seen.texts()).toEqual(['back', 'welcome back']);
  });

  it('that is gone after a reconnect is reported as lost', async () => {
    const world = makeWorld();
    const { client } = await world.online('alice');
    const lost: string[] = [];
    client.on('roomLost', ({ room, error }) => lost.push(`${room} ${error.name}`));
    void client.enterRoom('live');
    await world.clock.advance(100);
    world.server.forgetSessions();
    world.server.answers.set('enterRoom', () => world.server.refuse('ROOM_NOT_FOUND'));
    world.server.link.end.break();
    await world.clock.advance(5_000);
    expect(lost).toEqual(['live ROOM_NOT_FOUND']);
  });
});

describe('history', () => {
  it('comes page by page, newest first', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(25)) world.server.say('g:team', `m${n}`);
    const { client } = await world.online('alice', { catchUp: 'heads' });
    const sizes: number[] = [];
    const seqs: number[] = [];
    const reading = (async () => {
      for await (const page of client.group('team').pages({ limit: 10 })) {
        sizes.push(page.events.length);
        seqs.push(...page.events.map(({ seq }) => seq));
      }
    })();
    await world.clock.advance(100);
    await reading;
    expect(sizes).toEqual([10, 10, 5]);
    expect(seqs).toEqual(upTo(25).reverse());
  });

  it('can be read forwards from a seq', async () => {
    const world = makeWorld();
    world.server.group('team', ['alice']);
    for (const n of upTo(25)) world.server.say('g:team', `m${n}`);
    const { client } = await world.online('alice', { catchUp: 'heads' });
    const page = client.group('team').history({ from: 21, backwards: false, limit: 3 });
    await world.clock.advance(100);
    await expect(page).resolves.toMatchObject({ headSeq: 25, hasMore: true, events: [{ seq: 21 }, { seq: 22 }, { seq: 23 }] });
  });
});

const queries = (link: { received: readonly { body: { type: string } | undefined }[] }): number =>
  link.received.filter(({ body }) => body?.type === 'queryHistory').length;

const syncCount = (server: { links: readonly { received: readonly { body: { type: string } | undefined }[] }[] }): number =>
  server.links.flatMap(({ received }) => received).filter(({ body }) => body?.type === 'sync').length;
