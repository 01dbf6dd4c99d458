import { describe, expect, it } from '@jest/globals';
import { seededRandom, systemClock } from '@parley/kernel';
import { type Client, createClient } from '@parley/sdk';
import { FakeServer, ManualClock, settle } from '@parley/sdk/testing';
import type { Output } from '../output.js';
import { type ChatTerminal, chat } from './chat.js';
import { printConversations } from './conversations.js';
import { actOnGroup } from './group.js';
import { printHistory } from './history.js';
import { actOnMessage, exportConversation } from './message.js';
import { actOnRoom } from './room.js';
import { sendOne } from './send.js';
import { tail } from './tail.js';
import { actOnUser } from './user.js';

interface World {
  readonly clock: ManualClock;
  readonly server: FakeServer;
  readonly client: Client;
  readonly lines: string[];
  readonly notes: string[];
  readonly output: Output;
  /** Lets the work end while time goes by. */
  run<T>(work: Promise<T>): Promise<T>;
}

async function makeWorld(user = 'alice'): Promise<World> {
  const clock = new ManualClock();
  const server = new FakeServer(clock);
  const { webSocket } = server;
  const client = createClient({ url: 'ws://fake', token: () => user, webSocket, clock, random: seededRandom(1), catchUp: 'heads' });
  const lines: string[] = [];
  const notes: string[] = [];
  const run = async <T>(work: Promise<T>): Promise<T> => {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    work.then(end, end);
    await clock.until(() => isDone);
    return work;
  };
  await run(client.connect());
  return { clock, server, client, lines, notes, output: { line: (text) => lines.push(text), note: (text) => notes.push(text) }, run };
}

/** Without the time of day. */
const untimed = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''));

describe('parley send', () => {
  it('tells the place that the message got', async () => {
    const { client, run, lines, output, server } = await makeWorld();
    await run(sendOne(client, { conversation: 'bob', content: { type: 'text', text: 'hi' }, priority: 'high' }, output));
    expect(lines).toEqual(['stored as u:alice|bob 1 (m-u:alice|bob-1)']);
    expect(server.sends[0]?.priority).toBe(3);
  });

  it('enters a room before it speaks there', async () => {
    const { client, run, output, server } = await makeWorld();
    await run(sendOne(client, { conversation: 'r:live', content: { type: 'text', text: 'hi' } }, output));
    const kinds = server.link.received.map(({ body }) => body?.type);
    expect(kinds.indexOf('enterRoom')).toBeLessThan(kinds.indexOf('send'));
  });

  it('fails with the reason of the server', async () => {
    const { client, run, output, server } = await makeWorld();
    server.answers.set('send', () => server.refuse('PERMISSION_DENIED'));
    const sending = run(sendOne(client, { conversation: '@bob', content: { type: 'text', text: 'hi' } }, output));
    await expect(sending).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  });

  it('refuses what is no conversation', async () => {
    const { client, output } = await makeWorld();
    const sending = sendOne(client, { conversation: 'x:y z', content: { type: 'text', text: 'hi' } }, output);
    await expect(sending).rejects.toThrow('not a conversation: x:y z');
  });
});

describe('parley tail', () => {
  it('prints what arrives in the conversations asked for, until it is stopped', async () => {
    const { client, clock, server, run, lines, output } = await makeWorld();
    const tailing = tail(client, { conversations: ['bob'], asJson: false }, output);
    server.say('u:alice|bob', 'for her', 'bob');
    server.say('u:alice|carol', 'other', 'carol');
    await clock.advance(1_000);
    client.close();
    await run(tailing);
    expect(untimed(lines)).toEqual(['   1  bob: for her']);
  });

  it('cannot be made to paint the terminal by a message', async () => {
    const { client, clock, server, lines, output } = await makeWorld();
    void tail(client, { conversations: [], asJson: false }, output);
    server.say('u:alice|bob', '\u001b[2Jgone\u0007\nnext', 'bob');
    await clock.advance(1_000);
    expect(untimed(lines)).toEqual(['u:alice|bob    1  bob: �[2Jgone� ⏎ next']);
  });

  it('writes one JSON object per line when asked to', async () => {
    const { client, clock, server, lines, output } = await makeWorld();
    void tail(client, { conversations: [], asJson: true }, output);
    server.say('u:alice|bob', 'hi', 'bob');
    await clock.advance(1_000);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ seq: 1, sender: 'bob', content: { text: 'hi' } }]);
  });

  it('fails when the server ends the session', async () => {
    const { client, server, run, output } = await makeWorld();
    const tailing = tail(client, { conversations: [], asJson: false }, output);
    server.push(server.link, { type: 'kickedOut', value: { code: 1013, reason: 'enough' } });
    await expect(run(tailing)).rejects.toMatchObject({ name: 'KICKED_OUT' });
  });
});

describe('parley history', () => {
  it('prints the newest, oldest first', async () => {
    const { client, server, run, lines, output } = await makeWorld();
    for (let n = 1; n <= 250; n++) server.say('u:alice|bob', `m${n}`, 'bob');
    await run(printHistory(client, { conversation: 'bob', count: 120, asJson: false }, output));
    expect(lines).toHaveLength(120);
    expect(untimed(lines).at(0)).toBe(' 131  bob: m131');
    expect(untimed(lines).at(-1)).toBe(' 250  bob: m250');
  });

  it('goes on from a seq', async () => {
    const { client, server, run, lines, output } = await makeWorld();
    for (let n = 1; n <= 10; n++) server.say('u:alice|bob', `m${n}`, 'bob');
    await run(printHistory(client, { conversation: 'bob', count: 2, from: 4, asJson: false }, output));
    expect(untimed(lines)).toEqual(['   4  bob: m4', '   5  bob: m5']);
  });
});

describe('parley group', () => {
  it('lists all pages of members', async () => {
    const { client, server, run, lines, output } = await makeWorld();
    server.answers.set('listGroupMembers', ({ body }) => {
      const isFirst = body?.type === 'listGroupMembers' && body.value.page === '';
      return { type: 'members', value: isFirst ? { users: ['alice'], nextPage: '2' } : { users: ['bob'], nextPage: '' } };
    });
    await run(actOnGroup(client, { action: 'members', group: 'team', args: [] }, output));
    expect(lines).toEqual(['alice', 'bob']);
  });

  it('makes a group, changes it and shows what it is', async () => {
    const { client, run, lines, output } = await makeWorld();
    const act = (action: string, ...args: string[]) => run(actOnGroup(client, { action, group: 'team', args }, output));
    await act('create', 'bob');
    await act('rename', 'The', 'crew');
    await act('set', 'topic=boats');
    await act('role', 'bob', 'admin');
    await act('kick', 'bob');
    await act('info');
    expect(lines).toEqual([
      'created g:team with 2 members',
      ...['g:team has version 2', 'g:team has version 3', 'g:team has version 4', 'kicked bob'],
      ...['g:team (The crew), 1 members, owner alice, version 5', 'admins: bob', 'topic = boats'],
      'joining open, inviting by members, history from-join',
    ]);
  });

  it('names the actions when it is asked for another', async () => {
    const { client, output } = await makeWorld();
    await expect(actOnGroup(client, { action: 'paint', group: 'team', args: [] }, output)).rejects.toThrow('create, join, invite');
  });
});

describe('parley message', () => {
  it('does things to messages and finds them', async () => {
    const { client, run, server, lines, output } = await makeWorld();
    const act = (action: string, ...args: string[]) => run(actOnMessage(client, { action, conversation: 'bob', args }, output));
    await run(sendOne(client, { conversation: 'bob', content: { type: 'text', text: 'a bout' } }, output));
    await act('edit', '1', 'a', 'boat');
    await act('react', '1', '👍');
    await act('react', '1', '👍');
    await act('search', 'boat');
    await act('read');
    await run(client.logout());
    expect(untimed(lines.slice(1))).toEqual([
      ...['stored as u:alice|bob 2', 'stored as u:alice|bob 3', 'done', '   1  alice: a boat', 'read up to 3'],
    ]);
    expect(server.conversations.get('u:alice|bob')?.views.get('alice')?.readSeq).toBe(3);
  });

  it('fails with the reason of the server', async () => {
    const { client, run, server, output } = await makeWorld();
    server.say('u:alice|bob', 'mine', 'bob');
    const editing = run(actOnMessage(client, { action: 'edit', conversation: 'bob', args: ['1', 'no'] }, output));
    await expect(editing).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
  });

  it('asks for the seq when there is none', async () => {
    const { client, output } = await makeWorld();
    await expect(actOnMessage(client, { action: 'recall', conversation: 'bob', args: ['x'] }, output)).rejects.toThrow('whole number');
  });
});

describe('parley export', () => {
  it('writes one JSON object per event, with what became of it', async () => {
    const { client, run, server, lines, output } = await makeWorld();
    server.say('u:alice|bob', 'one', 'bob');
    server.act('u:alice|bob', 'bob', { type: 'recall', value: { seq: 1, reason: 'oops' } });
    await run(exportConversation(client, 'bob', output));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { seq: 1, type: 'hidden', details: { removed: { cause: 'recalled' } } },
      { seq: 2, type: 'messageRecalled', target: 1 },
    ]);
  });
});

describe('parley conversations', () => {
  it('prints each with what is unread and the newest message', async () => {
    const { client, run, server, lines, notes, output } = await makeWorld();
    server.say('u:alice|bob', 'one', 'bob');
    server.say('u:alice|bob', 'two', 'bob');
    await run(printConversations(client, {}, output));
    expect(lines.map((line) => line.replace(/\d\d:\d\d:\d\d/, '…'))).toEqual(['u:alice|bob  2 unread  …    2  bob: two']);
    expect(notes).toEqual(['2 unread']);
  });

  it('calls muted what is muted now, not what was when something happened last', async () => {
    const { client, run, server, lines, output } = await makeWorld();
    const change = (untilMs: number) =>
      ({ type: 'settings', value: { changes: [{ change: { type: 'muted', value: { untilMs } } }] } }) as const;
    for (const [peer, untilMs] of [['bob', systemClock.now() - 1_000] as const, ['eve', Number.MAX_SAFE_INTEGER] as const]) {
      server.say(`u:alice|${peer}`, 'one', peer);
      server.act(`u:alice|${peer}`, 'alice', change(untilMs));
    }
    await run(printConversations(client, {}, output));
    expect(lines.map((line) => line.includes('[muted]'))).toEqual([false, true]);
  });
});

describe('parley user', () => {
  it('makes friends and says so', async () => {
    const { client, run, lines, output } = await makeWorld();
    const act = (action: string, ...args: string[]) => run(actOnUser(client, { action, args }, output));
    await act('name', 'Alice', 'A.');
    await act('ask', 'bob', 'hi');
    await act('add', 'eve');
    await act('block', 'mallory');
    await act('friends');
    await act('blocked');
    expect(lines).toEqual(['alice  Alice A.', 'bob  asked', 'eve  friend', 'mallory  blocked', 'eve  friend', 'mallory  blocked']);
  });
});

describe('parley room', () => {
  it('creates a room, sets attributes, likes and shows what it is', async () => {
    const { client, run, lines, output } = await makeWorld();
    await run(actOnRoom(client, { action: 'create', room: 'live', args: ['The', 'stage'] }, output));
    await run(actOnRoom(client, { action: 'set', room: 'r:live', args: ['topic=a=b', 'seat='] }, output));
    await run(actOnRoom(client, { action: 'like', room: 'live', args: ['3'] }, output));
    await run(actOnRoom(client, { action: 'list', room: 'The', args: [] }, output));
    await run(actOnRoom(client, { action: 'join', room: 'live', args: [] }, output));
    expect(lines).toEqual([
      'created r:live',
      'r:live has version 2',
      'r:live has 3 likes',
      'r:live  1 members  The stage',
      'joined r:live (The stage) as owner, 1 members, owner alice',
      'topic = a=b (alice)',
      'seat =  (alice)',
      'likes: 3',
    ]);
  });

  it('prints what happens in a room until the user is out', async () => {
    const { client, clock, server, run, lines, notes, output } = await makeWorld();
    server.rooms.answer('bob', { type: 'enterRoom', value: { room: 'live', name: '', mustExist: false, options: undefined } });
    const watching = actOnRoom(client, { action: 'watch', room: 'live', args: [] }, output);
    await clock.advance(100);
    server.rooms.changeAttributes('live', { topic: '\u001b[2J' }, [], 'bob');
    server.say('r:live', 'hello', 'bob');
    server.rooms.answer('bob', { type: 'renameRoom', value: { room: 'live', name: 'Night' } });
    await clock.advance(1_000);
    server.rooms.remove('live', ['alice'], 2);
    await run(watching);
    expect(untimed(lines)).toEqual(['— version 2: topic = �[2J (by bob)', '   1  bob: hello', '— named Night (by bob)']);
    expect(notes).toEqual(['connecting (entering)', 'connected (entered)', 'disconnected (kicked)']);
  });

  it('moderates', async () => {
    const { client, server, run, lines, output } = await makeWorld();
    await run(actOnRoom(client, { action: 'create', room: 'live', args: [] }, output));
    server.rooms.answer('bob', { type: 'enterRoom', value: { room: 'live', name: '', mustExist: false, options: undefined } });
    for (const [action, ...args] of [
      ['mute', 'everyone', '5m'],
      ['role', 'bob', 'moderator'],
      ['kick', 'bob'],
      ['ban', 'bob', '1h'],
    ] as const) {
      await run(actOnRoom(client, { action, room: 'live', args }, output));
    }
    expect(server.rooms.get('live').mutes.map(({ role }) => role)).toEqual([1, 2]);
    expect(server.rooms.get('live').bans.has('bob')).toBe(true);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['created', 'muted', 'kicked', 'banned']);
  });

  it.each([
    ['paint', 'live', [], 'create, list, watch'],
    ['join', '', [], 'which room?'],
    ['set', 'live', ['novalue'], 'not key=value: novalue'],
    ['mute', 'live', [], 'whom'],
    ['role', 'live', ['bob', 'king'], 'not a role: king'],
    ['like', 'live', ['-1'], 'not a positive whole number'],
  ])('says what is wrong with: %s %s', async (action, room, args, message) => {
    const { client, run, output } = await makeWorld();
    await run(client.rooms.create({ id: 'live' }));
    await expect(run(actOnRoom(client, { action, room, args }, output))).rejects.toThrow(message);
  });
});

/** A terminal whose lines a test types. */
function fakeTerminal(): ChatTerminal & { readonly printed: string[]; type(line: string): void; end(): void } {
  const printed: string[] = [];
  const waiting: string[] = [];
  let wake: () => void = () => {};
  let isOver = false;
  return {
    printed,
    print: (line) => void printed.push(line),
    type: (line) => {
      waiting.push(line);
      wake();
    },
    end: () => {
      isOver = true;
      wake();
    },
    lines: async function* () {
      for (;;) {
        const line = waiting.shift();
        if (line !== undefined) yield line;
        else if (isOver) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}

describe('parley chat', () => {
  it('shows history, sends what is typed and shows what others say', async () => {
    const { client, clock, server, run } = await makeWorld();
    server.say('u:alice|bob', 'earlier', 'bob');
    const terminal = fakeTerminal();
    const chatting = chat(client, 'bob', terminal);
    await clock.advance(100);
    terminal.type('hello bob');
    await clock.advance(100);
    server.say('u:alice|bob', 'hello alice', 'bob');
    await clock.advance(100);
    terminal.type('/quit');
    await run(chatting);
    expect(untimed(terminal.printed.slice(1))).toEqual(['   1  bob: earlier', '   3  bob: hello alice']);
    expect(server.sends).toHaveLength(1);
  });

  it('reaches further back on /history and says where it begins', async () => {
    const { client, clock, server } = await makeWorld();
    for (let n = 1; n <= 25; n++) server.say('u:alice|bob', `m${n}`, 'bob');
    const terminal = fakeTerminal();
    void chat(client, 'bob', terminal);
    await clock.advance(100);
    terminal.printed.length = 0;
    terminal.type('/history 30');
    await clock.advance(100);
    terminal.type('/history');
    await clock.advance(100);
    expect(untimed(terminal.printed)).toEqual([1, 2, 3, 4, 5].map((n) => `   ${n}  bob: m${n}`).concat('— this is the beginning'));
  });

  it('says when a message was refused', async () => {
    const { client, clock, server } = await makeWorld();
    server.answers.set('send', () => server.refuse('PERMISSION_DENIED'));
    const terminal = fakeTerminal();
    void chat(client, 'bob', terminal);
    await clock.advance(100);
    terminal.type('forbidden');
    await clock.advance(100);
    await settle();
    expect(terminal.printed.at(-1)).toBe('— not sent: forbidden (The user may not do this.)');
  });

  it('ends with its input, after what was typed has arrived', async () => {
    const { client, server, run } = await makeWorld();
    const terminal = fakeTerminal();
    terminal.type('last words');
    terminal.end();
    await run(chat(client, 'bob', terminal));
    expect(server.conversations.get('u:alice|bob')?.events).toHaveLength(1);
  });
});
