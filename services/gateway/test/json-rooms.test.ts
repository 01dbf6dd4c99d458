import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { descriptorSetUrl } from '@parley/contracts/descriptors';
import { Priority, subprotocols } from '@parley/wire';
import { createJsonCodec } from '../src/index.js';
import { eventBytes, Harness, tokenOf } from './harness.js';

const room = 'hall';

/** Every request about rooms, as a client without protobuf writes it, and the answer that it reads. */
const exchanges: readonly (readonly [request: object, answer: object])[] = [
  [
    {
      createRoom: {
        room,
        name: 'Hall',
        options: { emptyTtlMs: 1_000, historyAccess: 'HISTORY_ACCESS_RECENT' },
        attributes: [{ key: 'k', value: 'v' }],
      },
    },
    {
      room: {
        room,
        stateVersion: '1',
        attributes: [{ key: 'seat', value: '1', owner: 'bob' }],
        mutes: [{ role: 'ROOM_ROLE_MEMBER', untilMs: '9' }],
      },
    },
  ],
  [{ enterRoom: { room, mustExist: true } }, { room: { room, headSeq: '7', counters: [{ name: 'likes', value: '5' }] } }],
  [{ getRoom: { room } }, { room: { room, owner: 'bob', moderators: ['carol'] } }],
  [{ listRooms: { namePrefix: 'H', limit: 1 } }, { rooms: { rooms: [{ room, name: 'n' }], nextPage: 'more' } }],
  [
    { listRoomMembers: { room, users: ['alice'] } },
    { members: { users: ['alice'], members: [{ user: 'alice', role: 'ROOM_ROLE_OWNER' }] } },
  ],
  [{ kickFromRoom: { room, users: ['bob'] } }, { kickedUsers: { users: ['bob'] } }],
  [{ banFromRoom: { room, user: 'bob', durationMs: '60000' } }, { newValue: { value: '77' } }],
  [{ muteInRoom: { room, role: 'ROOM_ROLE_MEMBER', durationMs: '60000' } }, { newValue: { value: '78' } }],
  [{ setRoomRole: { room, user: 'bob', role: 'ROOM_ROLE_MODERATOR' } }, { done: {} }],
  [{ renameRoom: { room, name: 'new' } }, { done: {} }],
  [{ changeRoomAttributes: { room, set: [{ key: 'k', value: 'v' }], deleted: ['old'], ifVersion: '4' } }, { newValue: { value: '12' } }],
  [{ changeMemberAttributes: { room, set: [{ key: 'k', value: 'v' }] } }, { newValue: { value: '3' } }],
  [{ incrementCounter: { room, counter: 'likes', nonce: 'n', total: '40' } }, { newValue: { value: '1000' } }],
  [{ switchRoom: { from: room, to: { room: 'yard' } } }, { room: { room: 'yard' } }],
  [{ leaveRoom: { room: 'yard' } }, { done: {} }],
  [{ leaveAllRooms: {} }, { roomNames: {} }],
  [{ destroyRoom: { room } }, { error: { name: 'INTERNAL' } }],
];

describe('the JSON subprotocol', () => {
  it('speaks of rooms as the binary one does', async () => {
    await using harness = await Harness.start({ jsonCodec: createJsonCodec(await readFile(descriptorSetUrl)) });
    harness.room.state = {
      ...{ name: 'n', memberCount: 1, version: 1, stateVersion: 1, owner: 'bob', moderators: ['carol'] },
      attributes: [{ key: 'seat', value: '1', owner: 'bob' }],
      mutes: [{ role: 1, untilMs: 9 }],
      counters: [{ name: 'likes', value: 5 }],
    };
    const client = await harness.client(subprotocols.json);
    const frames = (): { id?: number }[] => client.messages.flatMap((text) => JSON.parse(String(text)).frames);
    const ask = async (id: number, body: object): Promise<object | undefined> => {
      client.socket.send(JSON.stringify({ frames: [{ id, ...body }] }));
      await client.until(() => frames().some((frame) => frame.id === id));
      return frames().find((frame) => frame.id === id);
    };
    await ask(1, { login: { token: tokenOf('alice'), device: 'phone' } });
    await ask(2, { sync: {} });
    for (const [i, [request, answer]] of exchanges.entries()) expect(await ask(i + 3, request)).toMatchObject(answer);
  });

  it('tells of changes in rooms and of what was dropped', async () => {
    await using harness = await Harness.start({ jsonCodec: createJsonCodec(await readFile(descriptorSetUrl)) });
    const client = await harness.client(subprotocols.json);
    client.socket.send(JSON.stringify({ frames: [{ id: 1, login: { token: tokenOf('alice'), device: 'phone' } }] }));
    await client.until(() => client.messages.length > 0);
    const conversation = 'r:hall';
    const events = [
      eventBytes({
        conversation,
        body: { type: 'roomChange', value: { stateVersion: 2, change: { type: 'renamed', value: { name: 'new' } } } },
      }),
      eventBytes({ conversation, body: { type: 'messagesDropped', value: { counts: [{ priority: Priority.LOW, count: 9 }] } } }),
    ];
    const before = client.messages.length;
    for (const event of events) harness.router.deliver({ channels: ['user:alice'], conversation, priority: Priority.HIGH, event });
    await client.until(() => client.messages.length > before);
    expect(JSON.parse(String(client.messages.at(-1)))).toEqual({
      frames: [
        { event: { conversation, roomChange: { stateVersion: '2', renamed: { name: 'new' } } } },
        { event: { conversation, messagesDropped: { counts: [{ priority: 1, count: '9' }] } } },
      ],
    });
  });
});
