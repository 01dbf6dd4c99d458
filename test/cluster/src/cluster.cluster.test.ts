import { engineAvailability } from '@parley/engines';
import type { Client, Message } from '@parley/sdk';
import { createClient } from '@parley/sdk/node';
import { appToken } from '@parley/testkit';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive } from './engine-part.js';
import { type Cluster, startCluster } from './start-cluster.js';

const { kafka, cassandra } = engineAvailability();
const missing = [...new Set([...kafka, ...cassandra])];
if (missing.length > 0) process.stderr.write(`cluster: skipped, ${missing.join('; ')}\n`);

const print = (line: string): void => void process.stderr.write(`${line}\n`);
/** Engines may have to be downloaded. */
const firstStartMs = 300_000;
const exchangeMs = 60_000;

/** Resolves with the first message of the conversation that says this. */
const heard = (client: Client, conversation: string, text: string): Promise<Message> =>
  new Promise((resolve) => {
    const off = client.on('message', (message) => {
      const { content } = message;
      if (message.conversation !== conversation || content.type !== 'text' || content.text !== text) return;
      off();
      resolve(message);
    });
  });

/** Sends and waits until both know of it; answers what the other one got. */
async function say(from: Client, to: Client, conversation: string, text: string): Promise<Message> {
  const received = heard(to, conversation, text);
  const { seq } = await from.conversation(conversation).send(text).done;
  const message = await received;
  expect(message.seq).toBe(seq);
  return message;
}

/** The newest seqs of the conversation, once history has got as far as `head`: it follows the live events. */
async function heads(client: Client, conversation: string, head: number): Promise<readonly number[]> {
  for (;;) {
    const { headSeq, events } = await client.conversation(conversation).history();
    if (headSeq >= head) return events.map(({ seq }) => seq);
  }
}

(missing.length > 0 ? describe.skip : describe)('a cluster of two gateways', () => {
  let cluster: Cluster;
  let ann: Client;
  let bob: Client;

  beforeAll(async () => {
    cluster = await startCluster({ gateways: 2, onProgress: print });
    const [app] = cluster.apps;
    const [first = '', second = ''] = cluster.urls;
    if (app === undefined) throw new Error('the cluster serves no app');
    ann = createClient({ url: first, token: () => appToken(app, 'ann') });
    bob = createClient({ url: second, token: () => appToken(app, 'bob') });
    await Promise.all([ann.connect(), bob.connect()]);
  }, firstStartMs);

  afterAll(async () => {
    ann?.close();
    bob?.close();
    await cluster?.[Symbol.asyncDispose]();
  }, exchangeMs);

  it(
    'carries messages of two users in one order, both ways',
    async () => {
      const { id } = ann.user('bob');
      expect((await say(ann, bob, id, 'hello bob')).sender).toBe('ann');
      expect((await say(bob, ann, id, 'hello ann')).sender).toBe('bob');
      expect(await heads(ann, id, 2)).toEqual([2, 1]);
    },
    exchangeMs,
  );

  it(
    'carries messages of a group',
    async () => {
      const { group } = await ann.createGroup({ name: 'team', members: ['bob'] });
      const first = await say(ann, bob, `g:${group}`, 'hello team');
      const second = await say(bob, ann, `g:${group}`, 'hello all');
      expect(second.seq).toBe(first.seq + 1);
    },
    exchangeMs,
  );

  it(
    'carries messages of a room',
    async () => {
      const { room } = await ann.createRoom({ name: 'stage' });
      await ann.enterRoom(room);
      await bob.enterRoom(room);
      await say(ann, bob, `r:${room}`, 'hello room');
      await say(bob, ann, `r:${room}`, 'hello stage');
    },
    exchangeMs,
  );

  it(
    'answers the API of the back end at every service',
    async () => {
      const doors = Object.values(cluster.healthUrls).map((url) => url.replace('/readyz', '/v1/group/getGroup'));
      const headers = { authorization: `Bearer ${cluster.adminKey}` };
      const answers = doors.map((door) => fetch(door, { method: 'POST', headers, body: '{"app":"app-one","group":"nobody"}' }));
      const errors = await Promise.all(
        answers.map(async (answer) => ((await (await answer).json()) as { error: { name: string } }).error.name),
      );
      expect(new Set(errors)).toEqual(new Set(['GROUP_NOT_FOUND']));
    },
    exchangeMs,
  );

  it(
    'stops in good order and leaves no process behind',
    async () => {
      const pids = cluster.parts.flatMap(({ pid }) => pid ?? []);
      expect(pids).toHaveLength(11);
      ann.close();
      bob.close();
      await cluster.stop();
      expect(pids.filter(isAlive)).toEqual([]);
    },
    exchangeMs,
  );
});
