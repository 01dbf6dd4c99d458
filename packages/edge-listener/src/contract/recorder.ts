import type { EdgeConnection, EdgeEvents, HandshakeRequest } from '../port.js';

/** Everything a listener reported, with a way to wait for it. */
export class Recorder implements EdgeEvents {
  readonly handshakes: HandshakeRequest[] = [];
  readonly connections: EdgeConnection[] = [];
  readonly messages: (Uint8Array | string)[] = [];
  readonly closes: { connection: EdgeConnection; code: number }[] = [];
  drains = 0;
  /** What was buffered when `drained` was called; must be nothing. */
  leftAtDrain = 0;
  /** What was called after `closed`; must stay empty. */
  readonly late: string[] = [];
  refusal: number | undefined = undefined;
  onMessage: ((connection: EdgeConnection, data: Uint8Array | string) => void) | undefined;
  readonly #waiters = new Set<() => void>();

  handshake(request: HandshakeRequest): number | undefined {
    this.handshakes.push(request);
    return this.refusal;
  }

  opened(connection: EdgeConnection): void {
    this.connections.push(connection);
    this.#changed();
  }

  message(connection: EdgeConnection, data: Uint8Array | string): void {
    this.#noteLate(connection, 'message');
    this.messages.push(data);
    this.onMessage?.(connection, data);
    this.#changed();
  }

  drained(connection: EdgeConnection): void {
    this.#noteLate(connection, 'drained');
    this.drains++;
    this.leftAtDrain += connection.bufferedBytes;
    this.#changed();
  }

  closed(connection: EdgeConnection, code: number): void {
    this.#noteLate(connection, 'closed');
    this.closes.push({ connection, code });
    this.#changed();
  }

  /** Resolves when the condition holds, looking again after each event. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
      check();
    });
  }

  async connection(index = 0): Promise<EdgeConnection> {
    await this.until(() => this.connections.length > index);
    const connection = this.connections[index];
    if (connection === undefined) throw new Error(`no connection ${index}`);
    return connection;
  }

  async closeCode(index = 0): Promise<number> {
    await this.until(() => this.closes.length > index);
    return this.closes[index]?.code ?? 0;
  }

  #noteLate(connection: EdgeConnection, what: string): void {
    if (this.closes.some((close) => close.connection === connection)) this.late.push(what);
  }

  #changed(): void {
    for (const check of [...this.#waiters]) check();
  }
}
