import { createHash, randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { MessageContent } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { eventually } from '../world/eventually.js';
import { messagesOf, textsOf } from '../world/pages.js';
import { WeakHttp } from '../world/weak-http.js';
import { between, type World } from '../world/world.js';
import { forEachOf } from './crowd.js';

const teamSize = 500;
const readersCount = 60;
const perCall = 100;
const pinsMax = 10;

/** A large team of which most are away: who has read what, who is called, what belongs together, and files. */
export function describeCollaboration(world: () => World, fileBytes: number): void {
  describe('collaboration', () => {
    let team: Team | undefined;
    const gathered = async (): Promise<Team> => {
      team ??= await gatherTeam(world());
      return team;
    };
    afterAll(() => {
      for (const { client } of team?.present ?? []) client.close();
    });

    it(`counts who of ${teamSize} has read a message, while they read it, and names them`, async () => {
      const { ann, bob, group, conversation, away } = await gathered();
      const handle = ann.client.conversation(conversation);
      const { seq } = await handle.send('Please read this by tomorrow', { needsReceipt: true }).done;
      await bob.sees(conversation, 'Please read this by tomorrow');
      const readers = away.slice(0, readersCount);
      const counts: number[] = [];
      const read = forEachOf(readers, (sender) =>
        world()
          .backEnd()
          .call('router/act', { conversation, sender, act: { cursor: { readSeq: `${seq}` } } }),
      );
      bob.client.conversation(conversation).markRead(seq);
      const all = [bob.user, ...readers].sort();
      await eventually('all readings', async () => {
        const [receipt] = await handle.receipts([seq]);
        counts.push(receipt?.readCount ?? -1);
        return receipt?.readCount === all.length ? true : undefined;
      });
      await read;
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      await ann.until('a receipt', () => ann.events.find(({ type }) => type === 'receiptChanged'));
      const [receipt] = await handle.receipts([seq]);
      expect(receipt).toMatchObject({ seq, readCount: all.length, memberCount: teamSize - 1 });
      expect(await readersOf(ann, conversation, seq, false)).toEqual(all);
      const others = [...away, ...(await gathered()).present.map(({ user }) => user)];
      expect(await readersOf(ann, conversation, seq, true)).toEqual(
        others.filter((user) => user !== ann.user && !all.includes(user)).sort(),
      );
      await expect(bob.client.conversation(conversation).readers(seq)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });

      await ann.client.group(group).kick([readers[0] ?? '']);
      await eventually('the count without the one who left', async () => {
        const [after] = await handle.receipts([seq]);
        return after?.readCount === all.length - 1 && after.memberCount === teamSize - 2 ? true : undefined;
      });
      await world()
        .backEnd()
        .invite(group, readers[0] ?? '');
    });

    it('lets nothing through to those who have muted the team, but what names them', async () => {
      const { ann, carol, conversation } = await gathered();
      const handle = carol.client.conversation(conversation);
      await ann.client.conversation(conversation).send('before').done;
      await carol.sees(conversation, 'before');
      handle.markRead();
      await handle.settings.mute().done;
      await expectUnread(carol, conversation, { unread: 0, mentions: [], totalUnread: 0 });
      const talk = ann.client.conversation(conversation);
      await talk.send('lunch, anybody?').done;
      await talk.send('by the way', { mentions: { users: [carol.user], isSilent: true } }).done;
      const { seq: silent } = await talk.send('not so loud', { mentions: { users: [carol.user], isSilent: true } }).done;
      await expectUnread(carol, conversation, { unread: 3, mentions: [silent, silent - 1], totalUnread: 0 });
      const { seq: named } = await talk.send('Carol, we need you', { mentions: { users: [carol.user] } }).done;
      const { seq: everybody } = await talk.send('All hands', { mentions: { isEveryone: true } }).done;
      const mentions = [everybody, named, silent, silent - 1];
      await expectUnread(carol, conversation, { unread: 5, mentions, totalUnread: 2 });
      await carol.sees(conversation, 'All hands');
      handle.markRead();
      await expectUnread(carol, conversation, { unread: 0, mentions: [], totalUnread: 0 });
      await handle.settings.unmute().done;
    });

    it('keeps threads together, and counts their answers', async () => {
      const { ann, bob, carol, conversation } = await gathered();
      const root = await ann.send(conversation, 'Where do we meet?');
      await bob.sees(conversation, 'Where do we meet?');
      const first = await bob.client.conversation(conversation).reply(root.seq, 'At the station').done;
      await ann.send(conversation, 'Something else');
      const answered = await carol.sees(conversation, 'At the station');
      const second = await carol.client.conversation(conversation).reply(answered, 'I come later').done;
      for (const actor of [ann, bob, carol]) {
        await actor.sees(conversation, 'I come later');
        const handle = actor.client.conversation(conversation);
        const [thread] = messagesOf(await handle.messages([root.seq, second.seq]));
        expect(thread?.details).toMatchObject({ replyCount: 2, lastReplySeq: second.seq });
        const { messages, hasMore } = await handle.replies(root.seq);
        expect([textsOf(messages), hasMore]).toEqual([['At the station', 'I come later'], false]);
        expect(messagesOf(messages).map(({ replyTo }) => replyTo)).toEqual([
          { seq: root.seq, rootSeq: root.seq, sender: ann.user },
          { seq: first.seq, rootSeq: root.seq, sender: bob.user },
        ]);
        expect(textsOf((await handle.replies(root.seq, { after: first.seq })).messages)).toEqual(['I come later']);
      }
    });

    it('shows everybody the messages that stand out, newest first, and no more than ten', async () => {
      const { ann, bob, conversation } = await gathered();
      const handle = ann.client.conversation(conversation);
      const seqs: number[] = [];
      for (let number = 1; number <= pinsMax + 1; number++) seqs.push((await handle.send(`rule ${number}`).done).seq);
      for (const seq of seqs) await handle.pin(seq).done;
      const newestFirst = seqs.toReversed();
      await expectPins(bob, conversation, newestFirst.slice(0, pinsMax));
      await handle.unpin(newestFirst[3] ?? 0).done;
      await handle.delete(newestFirst[5] ?? 0).done;
      const left = newestFirst.slice(0, pinsMax).filter((_, index) => index !== 3 && index !== 5);
      for (const actor of [ann, bob]) await expectPins(actor, conversation, left);
      await expect(bob.client.conversation(conversation).pin(seqs[0] ?? 0).done).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
    });

    it('finds what was edited as it is now, and nothing that was taken back', async () => {
      const { ann, bob, conversation } = await gathered();
      const handle = ann.client.conversation(conversation);
      const word = world().id('kiwi');
      const { seq } = await handle.send(`the budget is ${word} hundred`).done;
      await eventually('the text as it was said', async () =>
        (await found(bob, conversation, `budget ${word}`)).join() === `the budget is ${word} hundred` ? true : undefined,
      );
      await handle.edit(seq, `the budget is ${word} thousand`).done;
      const { seq: recalled } = await handle.send(`forget the ${word}`).done;
      await handle.recall(recalled).done;
      const { seq: deleted } = await bob.client.conversation(conversation).send(`never mind the ${word}`).done;
      await handle.delete(deleted).done;
      await eventually('nothing but the edited text', async () =>
        (await found(bob, conversation, word)).join() === `the budget is ${word} thousand` ? true : undefined,
      );
      expect(await found(bob, conversation, `${word} hundred`)).toEqual([]);
      expect(await found(bob, conversation, `${word} thou`)).toEqual([`the budget is ${word} thousand`]);
    });

    it('passes on what was said, alone and together, with the name of whoever said it', async () => {
      const { ann, bob, carol, conversation } = await gathered();
      const first = await ann.send(conversation, 'The numbers are good');
      await bob.send(conversation, 'Very good');
      const said = [await carol.sees(conversation, 'The numbers are good'), await carol.sees(conversation, 'Very good')] as const;
      const pair = between(carol.user, bob.user);
      const handle = carol.client.conversation(pair);
      await handle.forward(said[0]).done;
      await handle.forward(said, { title: 'Of the team' }).done;
      const combined = await bob.until('the combined message', () =>
        bob.messagesIn(pair).find(({ content }) => content.type === 'combined'),
      );
      const [alone] = bob.messagesIn(pair);
      expect(alone).toMatchObject({ sender: carol.user, forwarded: { sender: ann.user, timeMs: first.timeMs } });
      expect(combined.content).toMatchObject({ type: 'combined', title: 'Of the team' });
      expect(itemsOf(combined.content)).toEqual([
        [ann.user, 'The numbers are good'],
        [bob.user, 'Very good'],
      ]);
      await bob.client.conversation(between(bob.user, ann.user)).forward([combined], { title: 'From Carol' }).done;
      const nested = await ann.until('the nested message', () =>
        ann.messagesIn(between(bob.user, ann.user)).find(({ content }) => content.type === 'combined'),
      );
      expect(JSON.stringify(nested.content)).toContain('The numbers are good');
    });

    it(`takes a file of ${fileBytes} bytes over a line that breaks, and gives it to members only`, async () => {
      const { ann, bob, conversation } = await gathered();
      const bytes = randomBytes(fileBytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const http = new WeakHttp();
      const laptop = await world().join(ann.user, { http });
      const file = { name: 'plan.bin', mimeType: 'application/octet-stream' };
      await laptop.client.conversation(conversation).sendFile(bytes, file).done;
      expect(http.keptBytes).toBeGreaterThan(0);
      expect(http.keptBytes).toBeLessThan(fileBytes);
      const shown = await bob.until('the file', () => bob.messagesIn(conversation).find(({ content }) => content.type === 'file'));
      expect(shown).toMatchObject({ sender: ann.user, content: { type: 'file', name: file.name, sizeBytes: fileBytes } });
      const url = await bob.client.media.url(shown);
      const got = Buffer.from(await (await fetch(url)).arrayBuffer());
      expect(createHash('sha256').update(got).digest('hex')).toBe(sha256);
      const part = await fetch(url, { headers: { range: 'bytes=1000-1999' } });
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1_000, 2_000))).toBe(true);
      const eve = await world().join(world().id('eve'));
      await expect(eve.client.media.url(shown)).rejects.toMatchObject({ name: 'CONVERSATION_NOT_FOUND' });
      expect((await fetch(url.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(403);
      for (const { client } of [eve, laptop]) client.close();
    });
  });
}

interface Team {
  readonly group: string;
  readonly conversation: string;
  /** The owner. */
  readonly ann: Actor;
  readonly bob: Actor;
  readonly carol: Actor;
  readonly present: readonly Actor[];
  /** Members who have never connected. */
  readonly away: readonly string[];
}

async function gatherTeam(world: World): Promise<Team> {
  const [ann, bob, carol] = [await world.join(world.id('ann')), await world.join(world.id('bob')), await world.join(world.id('carol'))];
  const present = [ann, bob, carol];
  const name = world.id('member');
  const away = Array.from({ length: teamSize - present.length }, (_, index) => `${name}-${index}`);
  const { group } = await ann.client.createGroup({ name: 'The team', members: [bob.user, carol.user] });
  for (let at = 0; at < away.length; at += perCall) await world.backEnd().invite(group, ...away.slice(at, at + perCall));
  const conversation = `g:${group}`;
  await ann.send(conversation, 'Welcome');
  for (const actor of present) await actor.sees(conversation, 'Welcome');
  return { group, conversation, ann, bob, carol, present, away };
}

async function readersOf({ client }: Actor, conversation: string, seq: number, isUnread: boolean): Promise<readonly string[]> {
  const users: string[] = [];
  for (let page = ''; ; ) {
    const answer = await client.conversation(conversation).readers(seq, { isUnread, page, limit: perCall });
    users.push(...answer.readers.map(({ user }) => user));
    page = answer.nextPage;
    if (page === '') return users;
  }
}

interface Unread {
  readonly unread: number;
  readonly mentions: readonly number[];
  readonly totalUnread: number;
}

/** Of somebody who has no other conversation with anything unread. */
async function expectUnread({ client }: Actor, conversation: string, expected: Unread): Promise<void> {
  let last: Unread | undefined;
  const isReached = eventually('the unread counts', async () => {
    const { unread, mentions } = await client.conversation(conversation).item();
    last = { unread, mentions, totalUnread: (await client.queryConversations()).totalUnread };
    return JSON.stringify(last) === JSON.stringify(expected) ? true : undefined;
  });
  await isReached.catch(() => {});
  expect(last).toEqual(expected);
}

async function expectPins({ client }: Actor, conversation: string, seqs: readonly number[]): Promise<void> {
  let last: readonly number[] = [];
  const isReached = eventually('the pins', async () => {
    last = (await client.conversation(conversation).pins()).map(({ seq }) => seq);
    return last.join() === seqs.join() ? true : undefined;
  });
  await isReached.catch(() => {});
  expect(last).toEqual(seqs);
}

async function found({ client }: Actor, conversation: string, words: string): Promise<readonly string[]> {
  return textsOf((await client.conversation(conversation).search(words)).messages);
}

function itemsOf(content: MessageContent): readonly (readonly [sender: string, text: string])[] {
  if (content.type !== 'combined') return [];
  return content.items.map((item) => [item.sender, item.content.type === 'text' ? item.content.text : item.content.type]);
}
