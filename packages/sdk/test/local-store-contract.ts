import {
  emptyView,
  type KeptConversation,
  type KeptEvent,
  type KeptSend,
  type LocalStore,
  type StoreChange,
} from '../src/local-store/local-store.js';

/** Opens the same store again and again; one at a time. */
export type Reopen = () => LocalStore;

/** What every local store promises. Plain functions, so that they can run in a page as well; each throws when it is broken. */
export interface StorePromise {
  readonly promise: string;
  check(reopen: Reopen): Promise<void>;
}

const conversationOf = (conversation: string, lastSeq = 9): KeptConversation => ({
  conversation,
  head: Uint8Array.of(1, 2, 255),
  lastSeq,
  fromSeq: 3,
});
const eventOf = (seq: number): KeptEvent => ({ seq, event: Uint8Array.of(seq, 0, 200) });
const sendOf = (order: number, clientMsgId = `c${order}`): KeptSend => ({
  order,
  send: {
    ...{ conversation: 'g:team', clientMsgId, priority: 2, content: Uint8Array.of(7, 8), expiresAfterMs: 5 },
    options: { mentions: { users: ['ann'] } },
  },
});
const upload = { key: 'k', media: 'm', uploadUrl: 'http://127.0.0.1/u', expiresMs: 5, chunkBytes: 9 };
const events = (conversation: string, ...seqs: number[]): StoreChange[] =>
  seqs.map((seq) => ({ type: 'event', conversation, value: eventOf(seq) }));

const everything: readonly StoreChange[] = [
  { type: 'sync', epoch: 'e1', cursor: 'c1' },
  { type: 'conversation', value: conversationOf('g:team') },
  { type: 'conversation', value: conversationOf('u:ann|bob', 4) },
  ...events('g:team', 3, 4, 9),
  ...events('u:ann|bob', 4),
  { type: 'send', value: sendOf(1) },
  { type: 'upload', value: upload },
];
const all = { fromSeq: 0, toSeq: Number.MAX_SAFE_INTEGER };

/** As `JSON` sees it, with bytes as lists; order of names does not matter. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Array.from(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, plain(field)]);
}

function same(found: unknown, wanted: unknown): void {
  const [is, should] = [found, wanted].map((value) => JSON.stringify(plain(value)));
  if (is !== should) throw new Error(`found ${is}, wanted ${should}`);
}

/** Does something to the store of ann, and closes it. */
async function use<T>(reopen: Reopen, action: (store: LocalStore) => Promise<T>, user = 'ann'): Promise<T> {
  const store = reopen();
  await store.open(user);
  const result = await action(store);
  await store.close();
  return result;
}

const viewOf = async (reopen: Reopen, user = 'ann') => {
  const store = reopen();
  const view = await store.open(user);
  await store.close();
  return view;
};

export const storePromises: readonly StorePromise[] = [
  {
    promise: 'gives back after a restart what was written',
    check: async (reopen) => {
      same(await viewOf(reopen), emptyView);
      await use(reopen, (store) => store.write(everything));
      same(await viewOf(reopen), {
        ...{ epoch: 'e1', cursor: 'c1', uploads: [upload] },
        ...{ conversations: [conversationOf('g:team'), conversationOf('u:ann|bob', 4)], sends: [sendOf(1)] },
      });
      same(await use(reopen, (store) => store.events('g:team', all)), [eventOf(3), eventOf(4), eventOf(9)]);
    },
  },
  {
    promise: 'gives events of a range, by seq, with their states, and the last that was written of each',
    check: async (reopen) => {
      const state = Uint8Array.of(1, 2, 3);
      const found = await use(reopen, async (store) => {
        await store.write(events('g:team', 9, 2, 5, 1_000));
        void store.write([{ type: 'event', conversation: 'g:team', value: { ...eventOf(5), state } }]);
        return store.events('g:team', { fromSeq: 2, toSeq: 9 });
      });
      same(found, [eventOf(2), { ...eventOf(5), state }, eventOf(9)]);
    },
  },
  {
    promise: 'drops events below a seq, and conversations with theirs',
    check: async (reopen) => {
      await use(reopen, async (store) => {
        await store.write(everything);
        await store.write([
          { type: 'trim', conversation: 'g:team', fromSeq: 4 },
          { type: 'forget', conversation: 'u:ann|bob' },
        ]);
      });
      same((await viewOf(reopen)).conversations, [conversationOf('g:team')]);
      const left = await use(reopen, async (store) => [await store.events('g:team', all), await store.events('u:ann|bob', all)]);
      same(left, [[eventOf(4), eventOf(9)], []]);
    },
  },
  {
    promise: 'keeps sends in their order until they are answered, one of each id',
    check: async (reopen) => {
      await use(reopen, async (store) => {
        await store.write([3, 1, 2].map((order) => ({ type: 'send', value: sendOf(order) })));
        await store.write([
          { type: 'sent', clientMsgId: 'c2' },
          { type: 'send', value: sendOf(5, 'c1') },
        ]);
      });
      same((await viewOf(reopen)).sends, [sendOf(3), sendOf(5, 'c1')]);
    },
  },
  {
    promise: 'forgets a finished upload',
    check: async (reopen) => {
      await use(reopen, (store) => store.write([...everything, { type: 'uploaded', key: 'k' }]));
      same((await viewOf(reopen)).uploads, []);
    },
  },
  {
    promise: 'keeps sends and uploads when history was rebuilt, and nothing else',
    check: async (reopen) => {
      await use(reopen, (store) => store.write([...everything, { type: 'reset' }]));
      same(await viewOf(reopen), { ...emptyView, sends: [sendOf(1)], uploads: [upload] });
      same(await use(reopen, (store) => store.events('g:team', all)), []);
    },
  },
  {
    promise: 'is empty for another user, for good',
    check: async (reopen) => {
      await use(reopen, (store) => store.write(everything));
      same(await viewOf(reopen, 'bob'), emptyView);
      same(await viewOf(reopen), emptyView);
      same(await use(reopen, (store) => store.events('g:team', all)), []);
    },
  },
  {
    promise: 'keeps what it was given, whatever becomes of the bytes afterwards',
    check: async (reopen) => {
      const frame = Uint8Array.of(9, 9, 1, 2, 3, 9);
      await use(reopen, async (store) => {
        await store.write([{ type: 'event', conversation: 'g:team', value: { seq: 1, event: frame.subarray(2, 5) } }]);
      });
      frame.fill(0);
      same(await use(reopen, (store) => store.events('g:team', all)), [{ seq: 1, event: Uint8Array.of(1, 2, 3) }]);
    },
  },
  {
    promise: 'does what it is told in that order, without being waited for',
    check: async (reopen) => {
      await use(reopen, async (store) => {
        const writes = Array.from({ length: 20 }, (_, i) => store.write([{ type: 'sync', epoch: 'e', cursor: `c${i}` }]));
        await Promise.all([...writes, store.write([{ type: 'reset' }]), store.write([{ type: 'sync', epoch: 'e', cursor: 'last' }])]);
      });
      same(await viewOf(reopen), { ...emptyView, epoch: 'e', cursor: 'last' });
    },
  },
];
