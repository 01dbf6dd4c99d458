import type { EdgeListener, EdgeListenerOptions } from '../port.js';
import { RawClient } from './raw-client.js';
import { Recorder } from './recorder.js';

/** Opens the implementation under test. */
export type EdgeListenerFactory = (options: EdgeListenerOptions) => Promise<EdgeListener>;

export const messageBytesMax = 64 * 1024;
export const bufferBytesMax = 8 * 1024 * 1024;

/** One listener with its recorder; everything that was opened through it ends with it. */
export class Harness implements AsyncDisposable {
  readonly listener: EdgeListener;
  readonly events: Recorder;
  readonly #clients: RawClient[] = [];

  private constructor(listener: EdgeListener, events: Recorder) {
    this.listener = listener;
    this.events = events;
  }

  static async open(factory: EdgeListenerFactory, options: Partial<EdgeListenerOptions> = {}): Promise<Harness> {
    const events = new Recorder();
    const listener = await factory({
      host: '127.0.0.1',
      port: 0,
      messageBytesMax,
      bufferBytesMax,
      subprotocols: ['one', 'two'],
      closeWithinMs: 200,
      events,
      ...options,
    });
    return new Harness(listener, events);
  }

  async client(headers?: readonly string[]): Promise<RawClient> {
    const client = await RawClient.open(this.listener.port, headers);
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await this.listener[Symbol.asyncDispose]();
  }
}
