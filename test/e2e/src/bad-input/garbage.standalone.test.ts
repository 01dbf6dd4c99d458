import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seededRandom, systemRandom, type Random } from '@parley/kernel';
import { appToken } from '@parley/testkit';
import { type ClientFrameInit, closeCodes, encodeClientFrames, encodeContent, subprotocols } from '@parley/wire';
import { soakRounds } from '../soak.js';
import { badActs, badQuestions } from './bad-acts.js';
import { RawClient } from './raw-client.js';
import { ServerUnderAttack } from './server-under-attack.js';

jest.setTimeout(60_000);

const messagesPerCase = soakRounds({ short: 1_000, full: 50_000 });
const clientsAtOnce = 8;
/** How many messages a client sends before it looks whether it is still there. */
const volley = 4;

const normalClosure = 1000;
/** What a client may be closed for when its messages are garbage; logout is what some of them happen to say. */
const expectedCloses = [closeCodes.INVALID_FRAME, closeCodes.NOT_LOGGED_IN, normalClosure];

const integer = (random: Random, below: number): number => Math.floor(random.next() * below);
const bytesOf = (random: Random, length: number): Uint8Array => Uint8Array.from({ length }, () => integer(random, 256));
const pick = <T>(random: Random, items: readonly T[]): T => items[integer(random, items.length)] as T;

const samples: readonly ClientFrameInit[] = [
  { id: 1, body: { type: 'ping', value: {} } },
  { id: 2, body: { type: 'sync', value: { cursor: '1:x', page: '2:g:a' } } },
  { id: 3, body: { type: 'queryHistory', value: { conversation: 'u:a|b', fromSeq: 3, backwards: true, limit: 9 } } },
  { id: 4, body: { type: 'createGroup', value: { group: 'garbage', name: 'n', members: ['a', 'b'] } } },
  { id: 5, body: { type: 'enterRoom', value: { room: 'garbage' } } },
  { id: 6, body: { type: 'listRoomMembers', value: { room: 'garbage', page: 'x', limit: 3 } } },
  { id: 7, body: { type: 'renewToken', value: { token: 'a.b.c' } } },
  {
    id: 8,
    trace: '00-a-b-01',
    body: {
      type: 'send',
      value: { conversation: 'u:garbage|mal', clientMsgId: 'x', content: encodeContent({ kind: { type: 'text', value: { text: 'hé' } } }) },
    },
  },
];

/** What is refused as it is, where it is short: acts, questions and changes of every kind. */
const refusedSamples: readonly ClientFrameInit[] = [...badActs, ...badQuestions]
  .map(([, body], index) => ({ id: 9 + index, body }))
  .filter((frame) => encodeClientFrames({ frames: [frame] }).length < 200);

/** Changes, cuts, doubles or inserts bytes in a few places. */
function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  let result = [...bytes];
  for (let changes = 1 + integer(random, 4); changes > 0; changes--) {
    const at = integer(random, result.length + 1);
    const kind = integer(random, 5);
    if (kind === 0) result[Math.min(at, result.length - 1)] = integer(random, 256);
    else if (kind === 1) result = result.slice(0, at);
    else if (kind === 2) result.splice(at, integer(random, 8));
    else if (kind === 3) result.splice(at, 0, ...bytesOf(random, 1 + integer(random, 8)));
    else result.splice(at, 0, ...result.slice(0, at));
    if (result.length === 0) return new Uint8Array(0);
  }
  return Uint8Array.from(result.slice(0, 16_384));
}

function binaryGarbage(random: Random): Uint8Array {
  if (random.next() < 0.2) return bytesOf(random, integer(random, 200));
  const frames = Array.from({ length: 1 + integer(random, 3) }, () => pick(random, random.next() < 0.5 ? samples : refusedSamples));
  return mutated(random, encodeClientFrames({ frames }));
}

const jsonSamples = [
  '{"frames":[{"id":1,"ping":{}}]}',
  '{"frames":[{"id":2,"sync":{"cursor":"1:x"}},{"id":3,"queryHistory":{"conversation":"u:a|b","fromSeq":"3","limit":9}}]}',
  '{"frames":[{"id":4,"send":{"conversation":"u:garbage|mal","clientMsgId":"x","priority":"PRIORITY_HIGH","content":{"text":{"text":"hé"}}}}]}',
  '{"frames":[{"id":5,"createGroup":{"group":"garbage","members":["a","b"]}},{"id":6,"send":{"content":{"location":{"latitude":"NaN"}}}}]}',
  '{"frames":[{"id":7,"act":{"conversation":"u:garbage|mal","clientMsgId":"y","act":{"edit":{"seq":"1","content":{"text":{"text":"x"}}}}}}]}',
  '{"frames":[{"id":8,"moveCursors":{"cursors":[{"conversation":"u:garbage|mal","readSeq":"1"}]}},{"id":9,"look":{"conversation":"g:x"}}]}',
  '{"frames":[{"id":10,"changeGroup":{"group":"garbage","operation":{"setOptions":{"options":{"joinMode":"JOIN_MODE_OPEN"}}}}}]}',
  '{"frames":[{"id":11,"searchMessages":{"search":{"text":"x","kinds":["text"]}}},{"id":12,"createUpload":{"kind":"file","sizeBytes":"5"}}]}',
  '{"frames":[{"id":13,"changeRelations":{"others":["a"],"step":{"ask":{"text":"x"}}}},{"id":14,"updateProfile":{"change":{"name":{}}}}]}',
];
const jsonPieces = [
  ...['null', '{}', '[]', '"__proto__":', '1e999', '-1', '0.5', '"\\u0000"', '"\\ud800"', ',', '}', ']', 'true', '"NaN"'],
  ...['"id":4294967296', '"ping":{}', '"content":{"text":{}}'],
];

function jsonGarbage(random: Random): string {
  let text = pick(random, jsonSamples);
  for (let changes = 1 + integer(random, 3); changes > 0; changes--) {
    const at = integer(random, text.length);
    const removed = integer(random, 12);
    text = text.slice(0, at) + (random.next() < 0.7 ? pick(random, jsonPieces) : '') + text.slice(at + removed);
  }
  return text;
}

describe.each(['auto', 'ws'] as const)('garbage (%s)', (implementation) => {
  let server: ServerUnderAttack;
  beforeAll(async () => {
    server = await ServerUnderAttack.start({ implementation });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  it.each([
    ['binary', subprotocols.proto, binaryGarbage],
    ['JSON', subprotocols.json, jsonGarbage],
  ] as const)('of %s frames costs nobody but its sender the connection', async (_name, subprotocol, garbage) => {
    const seed = systemRandom.next();
    const random = seededRandom(seed * 2 ** 32);
    let left = messagesPerCase;
    const closes = new Map<number, number>();
    const attack = async (number: number): Promise<void> => {
      while (left > 0) {
        const client = await RawClient.open(server.url, subprotocol);
        const user = `mal-${number}`;
        login(client, subprotocol, appToken(server.app, user), user);
        while (left > 0 && client.closeCode === undefined) {
          for (let shot = 0; shot < volley; shot++) client.socket.send(garbage(random));
          left -= volley;
          await client.heard();
        }
        client.socket.terminate();
        if (client.closeCode !== undefined) closes.set(client.closeCode, (closes.get(client.closeCode) ?? 0) + 1);
      }
    };
    try {
      await Promise.all(Array.from({ length: clientsAtOnce }, (_, number) => attack(number)));
      expect([...closes.keys()].filter((code) => !expectedCloses.some((expected) => expected === code))).toEqual([]);
      await server.checkHealth();
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error });
    }
  });
});

function login(client: RawClient, subprotocol: string, token: string, device: string): void {
  if (subprotocol === subprotocols.proto) client.send({ type: 'login', value: { token, device } });
  else client.socket.send(`{"frames":[{"id":1,"login":{"token":"${token}","device":"${device}"}}]}`);
}
