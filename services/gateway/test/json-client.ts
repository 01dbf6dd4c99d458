import { readFile } from 'node:fs/promises';
import { descriptorSetUrl } from '@parley/contracts/descriptors';
import { subprotocols } from '@parley/wire';
import { createJsonCodec, type GatewayDeps } from '../src/index.js';
import { Harness, tokenOf } from './harness.js';
import type { TestClient } from './test-client.js';

/** A frame as JSON clients read it. */
export type JsonFrame = { readonly id?: number } & Record<string, unknown>;

/** A gateway that speaks JSON. */
export const startJson = async (overrides: Partial<GatewayDeps> = {}): Promise<Harness> =>
  Harness.start({ jsonCodec: createJsonCodec(await readFile(descriptorSetUrl)), ...overrides });

/** A client without protobuf. */
export class JsonClient {
  readonly client: TestClient;
  #lastId = 0;

  private constructor(client: TestClient) {
    this.client = client;
  }

  /** Logs in and syncs. */
  static async member(harness: Harness, user: string): Promise<JsonClient> {
    const json = new JsonClient(await harness.client(subprotocols.json));
    await json.ask({ login: { token: tokenOf(user), device: 'phone' } });
    await json.ask({ sync: {} });
    return json;
  }

  get frames(): readonly JsonFrame[] {
    return this.client.messages.flatMap((text) => JSON.parse(String(text)).frames);
  }

  send(body: object): number {
    const id = ++this.#lastId;
    this.client.socket.send(JSON.stringify({ frames: [{ id, ...body }] }));
    return id;
  }

  async ask(body: object): Promise<JsonFrame> {
    const id = this.send(body);
    await this.client.until(() => this.frames.some((frame) => frame.id === id));
    return this.frames.find((frame) => frame.id === id) ?? {};
  }
}
