import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subprotocols } from '@parley/wire';
import { type Browser, chromium, type Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import type { Client } from '../src/client.js';
import { FakeServer } from '../src/fake/fake-server.js';
import { ManualClock } from '../src/fake/manual-clock.js';
import { bundle } from './bundle-sources.js';
import { FakeFiles } from './fake-files.js';
import type { LiveMessages } from '../src/live/live-messages.js';
import type * as Contract from './local-store-contract.js';

const executablePath = process.env['PARLEY_CHROMIUM'] ?? '/usr/bin/chromium';
const hasBrowser = existsSync(executablePath);
if (!hasBrowser) console.warn(`no browser at ${executablePath}: set PARLEY_CHROMIUM to try the SDK in a real page`);

/** What the page has. */
declare const Parley: typeof import('../src/index.js');
declare const StoreContract: typeof Contract;
declare const page: { client: Client; live: LiveMessages };

const id = 'u:alice|bob';

/** The server in memory behind real sockets, its time being the real one, and a page with the SDK. */
class Site implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly server = new FakeServer(this.clock);
  readonly files = new FakeFiles(this.server);
  readonly #http: Server = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ server: this.#http, handleProtocols: () => subprotocols.proto });
  readonly #scripts = new Map([
    ['/parley.js', bundle('../src/index.ts', 'scriptOptions')],
    ['/contract.js', bundle('./local-store-contract.ts', 'scriptOptions', 'StoreContract')],
  ]);
  readonly #stop = new AbortController();

  async open(): Promise<string> {
    this.#sockets.on('connection', (socket) => {
      if (!this.server.isReachable) {
        socket.terminate();
        return;
      }
      const fake = this.server.webSocket();
      const waiting: Uint8Array[] = [];
      let isOpen = false;
      fake.onopen = () => {
        isOpen = true;
        for (const bytes of waiting) fake.send(bytes);
      };
      fake.onmessage = ({ data }) => socket.send(data as ArrayBuffer);
      fake.onclose = () => socket.terminate();
      socket.on('message', (bytes: Buffer) => (isOpen ? fake.send(bytes) : waiting.push(bytes)));
      socket.on('close', () => fake.close());
    });
    this.#http.listen(0, '127.0.0.1');
    await once(this.#http, 'listening');
    void this.#passTime();
    const { port } = this.#http.address() as AddressInfo;
    this.files.baseUrl = `http://127.0.0.1:${port}/files`;
    return `http://127.0.0.1:${port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  async #passTime(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await sleep(5);
      await this.clock.advance(5);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', method } = request;
    const script = this.#scripts.get(url);
    if (script !== undefined) {
      response.setHeader('content-type', 'text/javascript').end(script);
      return;
    }
    if (!url.startsWith('/files/')) {
      response.setHeader('content-type', 'text/html').end('<script src="/parley.js"></script><script src="/contract.js"></script>');
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { signal } = new AbortController();
    const headers = request.headers as Readonly<Record<string, string>>;
    const asked = {
      method: method === 'HEAD' ? 'HEAD' : 'PATCH',
      url,
      headers,
      body: new Uint8Array(Buffer.concat(pieces)),
      signal,
    } as const;
    const answer = await this.files.send(asked);
    response.writeHead(answer.status, { 'upload-offset': answer.header('upload-offset') ?? '' }).end();
  }
}

/** Makes the client of the page, with live messages of the conversation. */
const begin = (browserPage: Page, url: string): Promise<void> =>
  browserPage.evaluate(
    ([address, conversation]) => {
      const localStore = Parley.indexedDbStore('chat of alice');
      const options = {
        url: address,
        token: () => 'alice',
        user: 'alice',
        localStore,
        limits: { reconnectFirstMs: 50, reconnectLongestMs: 200 },
      };
      const client = Parley.createClient(options);
      Object.assign(globalThis, { page: { client, live: client.conversation(conversation).live() } });
      void client.connect();
    },
    [url.replace('http', 'ws'), id] as const,
  );

const texts = (browserPage: Page): Promise<readonly string[]> =>
  browserPage.evaluate(() =>
    page.live.getSnapshot().entries.map((entry) => {
      const { type, ...rest } = entry as { type: string; state?: string; content?: { text?: string; type: string } };
      return [type, rest.state, rest.content?.text ?? rest.content?.type].filter((part) => part !== undefined).join(' ');
    }),
  );

/** Whether the unsent message and the two others are in the database. In the words of pages, which tests know no types of. */
const isKept = `new Promise((resolve) => {
  const asked = indexedDB.open('chat of alice');
  asked.onsuccess = () => {
    const reading = asked.result.transaction(['sends', 'events']);
    const [sends, events] = ['sends', 'events'].map((name) => reading.objectStore(name).count());
    reading.oncomplete = () => {
      asked.result.close();
      resolve(sends.result === 1 && events.result >= 2);
    };
  };
})`;

interface Picture {
  readonly progress: readonly number[];
  readonly bytes: number;
  readonly media: string;
  readonly sizeBytes: number;
  readonly blobBytes: number;
  readonly width: number;
  readonly height: number;
}

/** Draws a picture, sends it, and looks at the message. */
const sendPicture = `(async () => {
  const canvas = document.createElement('canvas');
  canvas.width = 800;
  canvas.height = 400;
  const context = canvas.getContext('2d');
  for (let i = 0; i < 4000; i++) {
    context.fillStyle = 'hsl(' + ((i * 37) % 360) + ' 80% 50%)';
    context.fillRect((i * 7919) % 800, (i * 104729) % 400, 3, 3);
  }
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const handle = page.client.conversation('${id}').sendFile(new File([blob], 'dots.png', { type: 'image/png' }));
  const progress = [];
  handle.onChange(() => progress.push(handle.progress));
  await handle.done;
  const { content } = page.live.getSnapshot().entries.slice(-1)[0];
  const small = await createImageBitmap(new Blob([content.thumbnail]));
  const { media, sizeBytes } = content;
  return { progress, bytes: content.thumbnail.length, media, sizeBytes, blobBytes: blob.size, width: small.width, height: small.height };
})()`;

(hasBrowser ? describe : describe.skip)('in Chromium', () => {
  let browser: Browser;
  let browserPage: Page;
  let site: Site;
  let url = '';

  beforeAll(async () => {
    site = new Site();
    url = await site.open();
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    browserPage = await browser.newPage();
    browserPage.on('pageerror', (error) => console.error(error));
    browserPage.on('console', (line) => console.log(line.text()));
    await browserPage.goto(url);
  }, 30_000);

  afterAll(async () => {
    await browser.close();
    await site[Symbol.asyncDispose]();
  });

  it('IndexedDB keeps what a local store promises', async () => {
    const failures = await browserPage.evaluate(async () => {
      const broken: string[] = [];
      for (const { promise, check } of StoreContract.storePromises) {
        await check(() => Parley.indexedDbStore(promise)).catch((error: unknown) => broken.push(`${promise}: ${String(error)}`));
      }
      return broken;
    });
    expect(failures).toEqual([]);
  }, 20_000);

  it('two pages do not write to one store', async () => {
    const refused = await browserPage.evaluate(async () => {
      const first = Parley.indexedDbStore('shared');
      await first.open('ann');
      const refusal = await Parley.indexedDbStore('shared')
        .open('ann')
        .catch((error: unknown) => String(error));
      await first.close();
      return refusal;
    });
    expect(refused).toContain('another page');
  }, 20_000);

  it('what was said and what is unsent outlives a reload, and is sent once', async () => {
    site.server.say(id, 'hello', 'bob');
    await begin(browserPage, url);
    await browserPage.waitForFunction(() => page.live.getSnapshot().entries.length === 1);
    await browserPage.evaluate((conversation) => page.client.conversation(conversation).send('first').done, id);
    site.server.isReachable = false;
    for (const link of site.server.links) if (link.isOpen) link.end.break();
    await browserPage.waitForFunction(() => page.client.status.state !== 'online');
    await browserPage.evaluate((conversation) => void page.client.conversation(conversation).send('kept'), id);
    while (!(await browserPage.evaluate(isKept))) await sleep(20);
    await browserPage.reload();
    await begin(browserPage, url);
    await browserPage.waitForFunction(() => page.live.getSnapshot().entries.length === 3);
    expect(await texts(browserPage)).toEqual(['message hello', 'message first', 'unsent queued kept']);
    expect(await browserPage.evaluate(() => page.client.conversations.getSnapshot().conversations.length)).toBe(1);
    site.server.isReachable = true;
    await browserPage.waitForFunction(() => page.client.pending.length === 0 && page.client.status.state === 'online');
    expect(await texts(browserPage)).toEqual(['message hello', 'message first', 'message kept']);
    expect(site.server.conversations.get(id)?.events.length).toBe(3);
  }, 20_000);

  it('a picture is sent with a small one of it, and shows how far it has come', async () => {
    site.files.chunkBytes = 64 * 1024;
    const seen = (await browserPage.evaluate(sendPicture)) as Picture;
    expect(seen).toMatchObject({ media: 'm1', sizeBytes: seen.blobBytes });
    expect(seen.bytes).toBeLessThanOrEqual(8 * 1024);
    expect(seen.width / seen.height).toBe(2);
    expect(seen.progress).toEqual([...seen.progress].sort((a, b) => a - b));
    expect(site.files.all.get('m1')).toMatchObject({ isComplete: true });
  }, 20_000);
});
