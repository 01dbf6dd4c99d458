import { describe, expect, it } from '@jest/globals';
import type { HistoryService } from '@parley/contracts/history';
import type { ServiceClient } from '@parley/rpc';
import { decodeContent, decodeConversationEvent, encodeContent, type MessageSearchInit } from '@parley/wire';
import fc from 'fast-check';
import { filterOf, mayHold } from './search/term-filter.js';
import { addTerms, matches, parseQuery, termsOf } from './search/terms.js';
import { HistoryFixture } from './testing/history-fixture.js';
import { watchEventReads } from './testing/watch-event-reads.js';

const app = 'app';
const pair = 'u:ann|bob';
const group = 'g:team';

type History = ServiceClient<typeof HistoryService>;

const caughtUp = (history: History) => history.listConversations({ app, user: 'nobody', isCurrent: true });
const isFound = (query: string, text: string): boolean => {
  const parsed = parseQuery(query);
  return parsed !== undefined && matches(parsed, text);
};

/** What is found, page by page to the end, and in how many pages. */
async function find(history: History, viewer: string, search: MessageSearchInit, limit = 0) {
  const words: string[] = [];
  let pages = 0;
  for (let page = ''; ; ) {
    const { events, nextPage } = await history.searchMessages({ app, viewer, search, page, limit });
    words.push(...events.map(wordsOf));
    pages++;
    if (nextPage === '') return { words, pages };
    page = nextPage;
  }
}

function wordsOf(bytes: Uint8Array): string {
  const { body } = decodeConversationEvent(bytes);
  const kind = body?.type === 'content' ? decodeContent(body.value).kind : undefined;
  return kind?.type === 'text' ? kind.value.text : (kind?.type ?? '');
}

describe('what matches', () => {
  it.each([
    ['hello', 'Hello, World!', true],
    ['WORLD hello', 'Hello, World!', true],
    ['wor', 'Hello, World!', true],
    ['wor hello', 'Hello, World!', false],
    ['hell ', 'Hello, World!', false],
    ['cafe', 'Un Café', true],
    ['ﬁle', 'the file', true],
    ['strasse', 'Straße', false],
    ['京都', '東京都に住む', true],
    ['都京', '東京都に住む', false],
    ['tokyo 東京', '東京 (Tokyo)', true],
    ['7', 'room 701', true],
    ['?!', 'what?!', false],
  ])('%j in %j: %s', (query, text, expected) => {
    expect(isFound(query, text)).toBe(expected);
  });

  it('is never ruled out by the filter of its block', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcXYZ01é東京ไท -'), maxLength: 8 });
    const texts = fc.array(
      fc.array(word, { maxLength: 6 }).map((words) => words.join(' ')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(texts, word, (all, query) => {
        const terms = new Set<string>();
        for (const text of all) addTerms(terms, text);
        const parsed = parseQuery(query);
        if (parsed === undefined || !all.some((text) => matches(parsed, text))) return;
        expect(mayHold(filterOf(terms), termsOf(parsed))).toBe(true);
      }),
    );
  });

  it('is mostly ruled out where it is not', () => {
    const terms = new Set(Array.from({ length: 3_000 }, (_, i) => `word${i}`));
    const filter = filterOf(terms);
    const wrong = Array.from({ length: 2_000 }, (_, i) => `other${i}`).filter((term) => mayHold(filter, [term]));
    expect(wrong.length).toBeLessThan(60);
  });
});

describe('search', () => {
  it('finds the newest first over all conversations of the user, page by page, and nothing of others', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    const said: string[] = [];
    for (let i = 0; i < 12; i++) {
      timeline.nowMs += 1 + (i % 3);
      const conversation = [pair, group, 'u:ann|eve'][i % 3] ?? pair;
      await timeline.message(conversation, 'ann', `apple ${i}`);
      if (i % 3 !== 2) said.unshift(`apple ${i}`);
    }
    await timeline.message('u:eve|zoe', 'eve', 'apple of others');
    await caughtUp(history);
    expect(await find(history, 'bob', { text: 'appl' })).toEqual({ words: said, pages: 1 });
    expect(await find(history, 'bob', { text: 'apple' }, 3)).toMatchObject({ words: said });
    expect((await find(history, 'bob', { text: 'apple', conversation: pair }, 1)).words).toEqual(said.filter((_, i) => i % 2 === 1));
  });

  it('looks for the beginning of a page in many conversations at once', async () => {
    await using timeline = await HistoryFixture.open();
    const { store } = timeline;
    const history = await timeline.start();
    for (let i = 0; i < 30; i++) {
      timeline.nowMs += 1;
      await timeline.message(`u:bob|zoe${i % 5}`, 'bob', `plum ${i}`);
    }
    await caughtUp(history);
    const search = { app, viewer: 'bob', search: { text: 'plum' }, limit: 10 };
    const { nextPage } = await history.searchMessages(search);
    const reads = watchEventReads(store);
    const second = await history.searchMessages({ ...search, page: nextPage });
    // In the fifth one the page begins where the first has ended.
    expect([second.events.length, reads.most]).toEqual([10, 4]);
  });

  it('loses and repeats nothing between pages where many messages are of one moment', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const said: string[] = [];
    for (let i = 0; i < 12; i++) {
      if (i === 6) timeline.nowMs += 1;
      await timeline.message(`u:bob|zoe${i % 3}`, 'bob', `fig ${i}`);
      said.push(`fig ${i}`);
    }
    await caughtUp(history);
    const { words, pages } = await find(history, 'bob', { text: 'fig' }, 1);
    expect([words.toSorted(), words.length]).toEqual([said.toSorted(), 12]);
    expect(pages).toBeGreaterThanOrEqual(12);
  });

  it('finds a message as it is now: edited, recalled, hidden, cleared, for others', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob', 'eve'], version: 1 });
    for (const word of ['plum one', 'plum two', 'plum three']) await timeline.message(group, 'ann', word);
    await timeline.send(group, 'ann', 'plum secret', { onlyTo: ['eve'] });
    const words = async (viewer: string, text: string) => {
      await caughtUp(history);
      return (await find(history, viewer, { text })).words;
    };
    expect(await words('bob', 'plum')).toEqual(['plum three', 'plum two', 'plum one']);
    expect(await words('eve', 'secret')).toEqual(['plum secret']);
    const content = encodeContent({ kind: { type: 'text', value: { text: 'cherry' } } });
    await timeline.act(group, 'ann', { type: 'edited', value: { seq: 2, content } });
    await timeline.act(group, 'ann', { type: 'recalled', value: { seq: 3 } });
    expect([await words('bob', 'plum'), await words('bob', 'cherry')]).toEqual([['plum three'], ['cherry']]);
    await timeline.own(group, 'bob', { type: 'hidden', value: { user: 'bob', seqs: [4] } });
    await timeline.set(group, 'bob', { type: 'cleared', value: { seq: 2 } });
    expect([await words('bob', 'plum'), await words('bob', 'cherry')]).toEqual([[], []]);
  });

  it('keeps filters of full blocks, and drops the one of a block in which something was edited', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.message(pair, 'ann', 'needle');
    await timeline.messages(pair, 1_600);
    await timeline.message(pair, 'ann', 'needle at the end');
    await caughtUp(history);
    const filters = async () => (await timeline.store.details(app, `search:${pair}`, { limit: 9 })).length;
    expect(await filters()).toBe(0);
    for (let i = 0; i < 2; i++) {
      expect((await find(history, 'bob', { text: 'needle' })).words).toEqual(['needle at the end', 'needle']);
      expect(await filters()).toBe(3);
    }
    const content = encodeContent({ kind: { type: 'text', value: { text: 'a new pin' } } });
    await timeline.act(pair, 'ann', { type: 'edited', value: { seq: 700, content } });
    await caughtUp(history);
    expect(await filters()).toBe(2);
    expect((await find(history, 'bob', { text: 'pin' })).words).toEqual(['a new pin']);
    expect((await find(history, 'bob', { text: 'nothing such' })).words).toEqual([]);
  });

  it('narrows down by sender, kind and time', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const times: number[] = [];
    for (const [i, sender] of ['ann', 'bob', 'ann'].entries()) {
      timeline.nowMs += 10;
      times.push(timeline.nowMs);
      await timeline.message(pair, sender, `pear ${i}`);
    }
    const content = encodeContent({ kind: { type: 'file', value: { name: 'pear.pdf' } } });
    await timeline.act(pair, 'ann', { type: 'content', value: content });
    await caughtUp(history);
    const words = async (search: MessageSearchInit) => (await find(history, 'bob', { text: 'pear', ...search })).words;
    expect(await words({ sender: 'bob' })).toEqual(['pear 1']);
    expect(await words({ kinds: ['file'] })).toEqual(['file']);
    expect(await words({ fromMs: times[1] ?? 0, untilMs: times[2] ?? 0 })).toEqual(['pear 1']);
  });

  it('is refused where the app has none, without words, and to back ends that name no conversation', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    const search = { text: 'x' };
    await expect(history.searchMessages({ app, search })).rejects.toMatchObject({ error: 'INVALID_ARGUMENT' });
    await expect(history.searchMessages({ app, viewer: 'ann', search: { text: '…' } })).rejects.toMatchObject({
      error: 'INVALID_ARGUMENT',
    });
    timeline.rules = { ...timeline.rules, isSearchable: false };
    await expect(history.searchMessages({ app, viewer: 'ann', search })).rejects.toMatchObject({ error: 'PERMISSION_DENIED' });
  });

  it('exports what a user has sent, conversation by conversation, as it is now', async () => {
    await using timeline = await HistoryFixture.open();
    const history = await timeline.start();
    await timeline.membership(group, { joined: ['ann', 'bob'], version: 1 });
    for (const word of ['g1', 'g2', 'g3']) await timeline.message(group, 'ann', word);
    await timeline.message(group, 'bob', 'not hers');
    await timeline.message(pair, 'ann', 'p1');
    await timeline.act(group, 'ann', { type: 'recalled', value: { seq: 3 } });
    await timeline.membership(group, { left: ['ann'], version: 2 });
    await caughtUp(history);
    const words: string[] = [];
    for (let page = ''; ; ) {
      const answer = await history.listUserMessages({ app, user: 'ann', page, limit: 1 });
      words.push(...answer.events.map(wordsOf));
      if (answer.nextPage === '') break;
      page = answer.nextPage;
    }
    expect(words).toEqual(['g1', 'g3', 'p1']);
  });
});
