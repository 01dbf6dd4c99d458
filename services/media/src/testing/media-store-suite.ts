import { describe, expect, it } from '@jest/globals';
import type { MediaRecord } from '../media-record.js';
import type { MediaStore } from '../ports.js';

const record = (media: string, more: Partial<MediaRecord> = {}): MediaRecord => ({
  ...{ version: 1, app: 'Shop', media, owner: 'ann', conversations: ['u:ann|bob'], kind: 'file', name: 'a', mimeType: 'text/plain' },
  ...{ sizeBytes: 3, sha256: '', width: 0, height: 0, createdMs: 1_000, isComplete: false },
  ...more,
});
const id = (char: string): string => char.repeat(26);

async function* of(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

/** Parts of this size are enough to see what happens between them. */
export const partBytes = 64 * 1024;

/** What every store of files promises. */
export function describeMediaStore(name: string, open: () => Promise<MediaStore>): void {
  describe(`a store of files (${name})`, () => {
    describeBytes(open);
    describeNotes(open);
  });
}

function describeBytes(open: () => Promise<MediaStore>): void {
  describe('its bytes', () => {
    it('keeps what it was given, in whatever pieces it came', async () => {
      await using store = await open();
      const key = record(id('a'), { sizeBytes: 6 });
      await store.create(key);
      await store.append(key, 0, of(Buffer.from('ab'), Buffer.from('c')));
      expect(await store.receivedBytes(key)).toBe(3);
      await store.append(key, 3, of(Buffer.from('def')));
      await store.finish(key);
      await store.finish(key);
      expect((await bytesOf(store.read(key))).toString()).toBe('abcdef');
      expect((await bytesOf(store.read(key, { from: 1, to: 3 }))).toString()).toBe('bcd');
      expect(await store.record(key)).toEqual(key);
    });

    it('keeps what came before a source broke, and goes on there', async () => {
      await using store = await open();
      const size = 2 * partBytes + 1_000;
      const content = Buffer.alloc(size, 'parley ');
      const key = record(id('b'), { sizeBytes: size });
      await store.create(key);
      const cut = partBytes + 777;
      await expect(store.append(key, 0, of(content.subarray(0, 500), content.subarray(500, cut), new Error('cut')))).rejects.toThrow('cut');
      const received = await store.receivedBytes(key);
      expect(received).toBe(cut);
      await expect(store.append(key, received, of(content.subarray(received, received + 10), new Error('cut')))).rejects.toThrow('cut');
      await store.append(key, received + 10, of(content.subarray(received + 10)));
      await store.finish(key);
      expect((await bytesOf(store.read(key))).equals(content)).toBe(true);
    });
  });
}

function describeNotes(open: () => Promise<MediaStore>): void {
  describe('its notes', () => {
    it('lists the files of one owner, page by page, and no others', async () => {
      await using store = await open();
      const media = [id('c'), id('d'), id('e')];
      for (const each of media) await store.create(record(each, { app: 'list' }));
      await store.create(record(id('f'), { app: 'list', owner: 'bob' }));
      await store.create(record(id('g'), { app: 'other' }));
      expect(await store.ownedBy('list', 'ann', { after: '', limit: 2 })).toEqual(media.slice(0, 2));
      expect(await store.ownedBy('list', 'ann', { after: media[1] ?? '', limit: 2 })).toEqual(media.slice(2));
      expect(await store.ownedBy('list', 'eve', { after: '', limit: 2 })).toEqual([]);
    });

    it('knows what was begun and not completed', async () => {
      await using store = await open();
      const [old, young, done] = [
        record(id('h'), { createdMs: 10 }),
        record(id('i'), { createdMs: 30 }),
        record(id('j'), { createdMs: 10 }),
      ];
      for (const each of [old, young, done]) await store.create(each);
      await store.settle(done);
      const started = (await store.startedBefore(20)).map(({ media }) => media);
      expect(started).toEqual([old.media]);
    });

    it('knows since which day files are kept, until they are moved or removed', async () => {
      await using store = await open();
      const dayMs = 24 * 3_600_000;
      const kept = (char: string, day: number) => record(id(char), { app: 'kept', createdMs: day * dayMs + 5 });
      const [n, o, p] = [kept('n', 0), kept('o', 1), kept('p', 2)];
      for (const each of [n, o, p, record(id('q'), { app: 'other', createdMs: 5 })]) {
        await store.create(each);
        await store.settle(each);
      }
      const keptBefore = async (timeMs: number) =>
        (await store.keptBefore('kept', timeMs)).map(({ media, timeMs: day }) => [media[0], day]);
      expect(await keptBefore(2 * dayMs + 7)).toEqual([
        ['n', 0],
        ['o', dayMs],
      ]);
      expect(await store.keptBefore('absent', 9 * dayMs)).toEqual([]);
      await store.moveKept({ app: 'kept', media: n.media, timeMs: 0 }, 7 * dayMs);
      await store.moveKept({ app: 'kept', media: o.media, timeMs: dayMs }, undefined);
      await store.remove(p);
      expect(await keptBefore(7 * dayMs)).toEqual([]);
      expect(await keptBefore(8 * dayMs)).toEqual([['n', 7 * dayMs]]);
    });

    it('keeps apps apart whose ids differ in case only or look like paths', async () => {
      await using store = await open();
      const media = id('k');
      for (const app of ['case', 'CASE', '..']) {
        await store.create(record(media, { app, name: app }));
        await store.append({ app, media }, 0, of(Buffer.from(app.padEnd(4))));
      }
      for (const app of ['case', 'CASE', '..']) {
        expect((await store.record({ app, media }))?.name).toBe(app);
        expect(await store.receivedBytes({ app, media })).toBe(4);
      }
    });

    it('leaves nothing of what it removed', async () => {
      await using store = await open();
      const [begun, complete] = [record(id('l'), { app: 'gone', createdMs: 1 }), record(id('m'), { app: 'gone', createdMs: 1 })];
      for (const each of [begun, complete]) {
        await store.create(each);
        await store.append(each, 0, of(Buffer.from('abc')));
      }
      await store.finish(complete);
      for (const each of [begun, complete, complete]) await store.remove(each);
      expect(await store.record(begun)).toBeUndefined();
      expect(await store.receivedBytes(complete)).toBe(0);
      await expect(bytesOf(store.read(complete))).rejects.toThrow();
      expect(await store.ownedBy('gone', 'ann', { after: '', limit: 9 })).toEqual([]);
      expect(await store.startedBefore(2)).toEqual([]);
    });
  });
}
