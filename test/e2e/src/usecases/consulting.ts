import { afterAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import type { TimelineEvent } from '@parley/sdk';
import { eraseUser } from '../erasure/erase.js';
import { type Actor, textOf } from '../world/actor.js';
import { DeviceView } from '../world/device-view.js';
import { eventually } from '../world/eventually.js';
import { messagesOf, readAll, readTexts, textsOf } from '../world/pages.js';
import { expectAlike, ServerView } from '../world/server-view.js';
import { between, type World } from '../world/world.js';

const batchSize = 100;
const aLifeMs = 1_000;
const keptMs = 2_000;
const firstSaidMs = Date.UTC(2019, 4, 6, 9);
const aMinuteMs = 60_000;
/** As a PNG begins (RFC 2083). */
const thumbnail = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 255);

/** People who come with a case, those who take it over from each other, and what may be read of it by whom. */
export function describeConsulting(world: () => World, caseMessages: number): void {
  describe('consulting', () => {
    let practice: Practice | undefined;
    const opened = async (): Promise<Practice> => {
      practice ??= await openPractice(world(), caseMessages);
      return practice;
    };
    afterAll(() => {
      for (const actor of [practice?.client, practice?.consultant]) actor?.client.close();
    });

    it(`keeps the ${caseMessages} messages that a case was brought with whole and in order, from both ends`, async () => {
      const { consultant, file, imported, texts } = await opened();
      const handle = consultant.client.conversation(file);
      const forwards = await readAll(handle, { backwards: false, limit: batchSize });
      const backwards = await readAll(handle, { backwards: true, limit: batchSize });
      const { headSeq } = await handle.item();
      expect(forwards.map(({ seq }) => seq)).toEqual(Array.from({ length: headSeq }, (_, index) => index + 1));
      expect(backwards.map(inWords)).toEqual(forwards.map(inWords).reverse());
      const said = messagesOf(forwards);
      expect(said.map(textOf)).toEqual(texts);
      expect(said.map(({ seq }) => seq)).toEqual(imported);
      expect(said.map(({ originalMs }) => originalMs)).toEqual(texts.map((_, index) => firstSaidMs + index * aMinuteMs));
    });

    it('shows what stands around a message, and any message by its seq', async () => {
      const { consultant, file, imported, texts } = await opened();
      const handle = consultant.client.conversation(file);
      for (const index of [30, Math.floor(texts.length / 2), texts.length - 31]) {
        const seq = imported[index] ?? 0;
        const { events } = await handle.around(seq, { limit: 20 });
        expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 20 }, (_, at) => seq - 10 + at));
        expect(textsOf(events)).toEqual(texts.slice(index - 10, index + 10));
      }
      const picked = [1, 700, 1_400, texts.length].map((number) => number - 1);
      const found = await handle.messages(picked.map((index) => imported[index] ?? 0));
      expect(textsOf(found)).toEqual(picked.map((index) => texts[index]));
    });

    it('imports a batch once, however often it comes, and nobody finds it unread', async () => {
      const { consultant, file, batches, imported } = await opened();
      const { headSeq, unread } = await consultant.client.conversation(file).item();
      const again = await world().backEnd().call('router/importMessages', { conversation: file, messages: batches[1] });
      expect(seqsOf(again)).toEqual(imported.slice(batchSize, 2 * batchSize));
      const after = await consultant.client.conversation(file).item();
      expect({ headSeq: after.headSeq, unread: after.unread }).toEqual({ headSeq, unread });
      expect(unread).toBe(0);
    });

    for (const historyAccess of ['from-join', 'from-start'] as const) {
      it(`hands a case over: shows the next one what a group "${historyAccess}" shows, and the former one nothing new`, async () => {
        const { client, consultant } = await opened();
        const next = await world().join(world().id('cid'));
        const { group } = await client.client.createGroup({ members: [consultant.user], options: { historyAccess } });
        const conversation = `g:${group}`;
        const first = await client.send(conversation, 'to the first');
        await consultant.send(conversation, 'from the first');
        await client.client.group(group).invite([next.user]);
        await client.send(conversation, 'to both');
        await client.client.group(group).kick([consultant.user]);
        await client.send(conversation, 'to the second');
        const last = await next.send(conversation, 'from the second');
        await client.sees(conversation, 'from the second');
        await consultant.sees(conversation, 'to both');

        const before = ['to the first', 'from the first', 'to both'];
        const after = ['to both', 'to the second', 'from the second'];
        const all = ['to the first', 'from the first', ...after];
        await eventually('the end of the former membership', async () =>
          (await consultant.client.conversation(conversation).item()).isMember ? undefined : true,
        );
        expect(await readTexts(consultant, conversation)).toEqual(before);
        expect(await readTexts(next, conversation)).toEqual(historyAccess === 'from-start' ? all : after);
        expect(await readTexts(client, conversation)).toEqual(all);
        const ends = [first.seq, last.seq];
        expect(textsOf(await consultant.client.conversation(conversation).messages(ends))).toEqual(['to the first']);
        const shown = historyAccess === 'from-start' ? ['to the first', 'from the second'] : ['from the second'];
        expect(textsOf(await next.client.conversation(conversation).messages(ends))).toEqual(shown);
        expect(consultant.textsIn(conversation)).toEqual(before);
        expect(await found(consultant, conversation, 'second')).toEqual([]);
        expect(await found(next, conversation, 'first')).toEqual(historyAccess === 'from-start' ? ['from the first', 'to the first'] : []);
        next.client.close();
      });
    }

    it('tells who has read an answer, and when', async () => {
      const { client, consultant } = await opened();
      const { group } = await consultant.client.createGroup({ members: [client.user] });
      const conversation = `g:${group}`;
      const sentMs = systemClock.now();
      const { seq } = await consultant.client.conversation(conversation).send('take two a day', { needsReceipt: true }).done;
      await client.sees(conversation, 'take two a day');
      const handle = consultant.client.conversation(conversation);
      const others = await eventually('who has not read it', () => handle.readers(seq, { isUnread: true }));
      expect(others.readers.map(({ user }) => user)).toEqual([client.user]);
      client.client.conversation(conversation).markRead(seq);
      await consultant.until('a receipt', () =>
        consultant.events.find((event) => event.type === 'receiptChanged' && event.conversation === conversation),
      );
      const [receipt] = await eventually('the count', async () => {
        const receipts = await handle.receipts([seq]);
        return receipts[0]?.readCount === 1 ? receipts : undefined;
      });
      expect(receipt).toEqual({ seq, readCount: 1, deliveredCount: 1, memberCount: 1 });
      const { readers } = await handle.readers(seq);
      expect(readers.map(({ user }) => user)).toEqual([client.user]);
      expect(readers[0]?.readMs).toBeGreaterThanOrEqual(sentMs);
      expect(readers[0]?.readMs).toBeLessThanOrEqual(systemClock.now());
    });

    it('takes a message away from everybody when its time is over: from pages, lists and searches', async () => {
      const { client, consultant } = await opened();
      const conversation = between(client.user, consultant.user);
      await consultant.send(conversation, 'the diagnosis in short');
      const handle = consultant.client.conversation(conversation);
      const { seq } = await handle.send('the diagnosis in full', { expiresAfterMs: aLifeMs }).done;
      await client.sees(conversation, 'the diagnosis in full');
      for (const actor of [client, consultant]) {
        await eventually('the end of the message', async () =>
          (await readTexts(actor, conversation)).includes('the diagnosis in full') ? undefined : true,
        );
        const [gone] = await actor.client.conversation(conversation).messages([seq]);
        expect(gone).toMatchObject({ type: 'hidden', seq, details: { removed: { cause: 'expired' } } });
        expect(await found(actor, conversation, 'diagnosis')).toEqual(['the diagnosis in short']);
        expect((await actor.client.conversation(conversation).item()).last).toMatchObject({ type: 'hidden', seq });
        expect(await readTexts(actor, conversation)).toEqual(['the diagnosis in short']);
      }
    });

    it('shows nothing any more of a client who was erased, on screens that were open', async () => {
      const client = await world().join(world().id('dan'));
      const consultant = world().id('kim');
      const views = [0, 1].map((gateway) => new DeviceView(world().device(consultant, { gateway })));
      for (const { actor } of views) await actor.start();
      const conversation = between(client.user, consultant);
      await client.send(conversation, 'my name is Dan');
      for (const { actor } of views) await actor.sees(conversation, 'my name is Dan');
      await views[0]?.actor.send(conversation, 'and mine is Kim');
      await client.send(conversation, 'I have a rash');
      await eraseUser(world(), client.user);
      for (const view of views) {
        await expectAlike(
          'what is left on the screen',
          () => view.messagesIn(conversation).map(({ words }) => words),
          () => ['and mine is Kim'],
        );
        expect(await readTexts(view.actor, conversation)).toEqual(['and mine is Kim']);
        await expectAlike(
          'the list',
          () => view.list,
          () => new ServerView(world().backEnd()).listOf(consultant),
        );
        expect(await found(view.actor, conversation, 'rash')).toEqual([]);
        expect(await found(view.actor, conversation, 'Kim')).toEqual(['and mine is Kim']);
        view.actor.client.close();
      }
    });

    it('exports a conversation as its pages show it', async () => {
      const { client, consultant } = await opened();
      const { group } = await client.client.createGroup({ members: [consultant.user], name: 'The file' });
      const handle = client.client.conversation(`g:${group}`);
      const { seq } = await handle.send('a photo of it', { mentions: { users: [consultant.user] } }).done;
      await handle.edit(seq, 'a photo of the arm').done;
      await consultant.client.conversation(`g:${group}`).react(seq, '👍').done;
      const last = await handle.send({ type: 'image', url: 'https://example.org/arm.png', thumbnail }).done;
      await consultant.reaches(`g:${group}`, last.seq);
      for (const actor of [client, consultant]) {
        const exported: unknown[] = [];
        for await (const event of actor.client.conversation(`g:${group}`).export()) exported.push(event);
        const paged = await readAll(actor.client.conversation(`g:${group}`), { backwards: false, limit: 2 });
        expect(exported).toEqual(paged.map(asPlain));
        expect(exported).toHaveLength(last.seq);
        expect(JSON.stringify(exported)).toContain('a photo of the arm');
        expect(JSON.stringify(exported)).not.toContain('a photo of it');
        expect(JSON.stringify(exported)).toContain(Buffer.from(thumbnail).toString('base64'));
      }
    });

    it('keeps a conversation for as long as is set for it, and others for longer', async () => {
      const { client, consultant } = await opened();
      const [short, long] = [await talk(client, consultant), await talk(client, consultant)];
      for (const conversation of [short, long]) await client.send(conversation, 'an old matter');
      const rules = { destroyAfterMs: '0', retentionMs: `${keptMs}` };
      const back = world().backEnd();
      await back.call('router/act', { conversation: short, clientMsgId: world().id('rules'), act: { rules } });
      for (const actor of [client, consultant]) {
        await eventually('the end of the retention', async () => ((await readTexts(actor, short)).length === 0 ? true : undefined));
        expect(await readTexts(actor, long)).toEqual(['an old matter']);
        expect(await found(actor, short, 'matter')).toEqual([]);
        expect(await found(actor, long, 'matter')).toEqual(['an old matter']);
      }
      await client.send(short, 'a new matter');
      expect(await readTexts(client, short)).toEqual(['a new matter']);
    });
  });
}

interface Practice {
  readonly client: Actor;
  readonly consultant: Actor;
  /** The conversation of the case that was brought from elsewhere. */
  readonly file: string;
  readonly batches: readonly (readonly object[])[];
  /** Seqs of its messages, in their order. */
  readonly imported: readonly number[];
  readonly texts: readonly string[];
}

/** A client, a consultant, and a case of that many messages from another system. */
async function openPractice(world: World, caseMessages: number): Promise<Practice> {
  const [client, consultant] = [await world.join(world.id('ann')), await world.join(world.id('bob'))];
  const { group } = await client.client.createGroup({ members: [consultant.user] });
  const file = `g:${group}`;
  const texts = Array.from({ length: caseMessages }, (_, index) => `entry ${index + 1} of the file`);
  const messages = texts.map((text, index) => ({
    sender: index % 2 === 0 ? client.user : consultant.user,
    clientMsgId: `old-${index}`,
    originalMs: `${firstSaidMs + index * aMinuteMs}`,
    content: { text: { text } },
  }));
  const batches = Array.from({ length: Math.ceil(caseMessages / batchSize) }, (_, at) =>
    messages.slice(at * batchSize, (at + 1) * batchSize),
  );
  const imported: number[] = [];
  const startMs = systemClock.monotonic();
  for (const batch of batches) {
    imported.push(...seqsOf(await world.backEnd().call('router/importMessages', { conversation: file, messages: batch })));
  }
  const tookMs = Math.round(systemClock.monotonic() - startMs);
  await world.backEnd().call('history/queryHistory', { conversation: file, backwards: true, limit: 1, atLeastSeq: imported.at(-1) });
  console.log(`import: ${caseMessages} messages in ${batches.length} calls took ${tookMs} ms`);
  return { client, consultant, file, batches, imported, texts };
}

/** A group of the two; its conversation. */
async function talk(one: Actor, other: Actor): Promise<string> {
  const { group } = await one.client.createGroup({ members: [other.user] });
  return `g:${group}`;
}

/** Texts that a search in a conversation finds, sorted. */
async function found(actor: Actor, conversation: string, words: string): Promise<readonly string[]> {
  const { messages } = await actor.client.conversation(conversation).search(words);
  return [...textsOf(messages)].sort();
}

const inWords = (event: TimelineEvent): string => `${event.seq} ${event.type === 'message' ? textOf(event) : event.type}`;

const seqsOf = (answer: Readonly<Record<string, unknown>>): readonly number[] => (answer['seqs'] as readonly string[]).map(Number);

/** What JSON makes of an event, with bytes as base64 and maps as objects. */
function asPlain(event: TimelineEvent): unknown {
  return JSON.parse(
    JSON.stringify(event, (_, value: unknown) => {
      if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
      return value instanceof Map ? Object.fromEntries(value) : value;
    }),
  );
}
