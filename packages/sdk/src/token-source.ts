import { type Clock, withTimeout } from '@parley/kernel';
import { ParleyClientError } from './client-error.js';

/** Asks the application for tokens and remembers the last one until the server finds fault with it. */
export class TokenSource {
  readonly #provider: () => string | Promise<string>;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #cached: string | undefined;
  #expiresAt = 0;

  constructor(provider: () => string | Promise<string>, clock: Clock, timeoutMs: number) {
    this.#provider = provider;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** The last good token, or a new one. Throws a ParleyClientError (UNAVAILABLE) when the provider fails. */
  async take(): Promise<{ readonly token: string; readonly isFresh: boolean }> {
    if (this.#cached !== undefined && this.#clock.monotonic() < this.#expiresAt) {
      return { token: this.#cached, isFresh: false };
    }
    return { token: await this.renew(), isFresh: true };
  }

  /** Always a new one. */
  async renew(): Promise<string> {
    this.#cached = undefined;
    try {
      const answer = Promise.resolve().then(this.#provider);
      return await withTimeout(this.#clock, this.#timeoutMs, answer, () => new Error('no token in time'));
    } catch (error) {
      throw ParleyClientError.of(
        'UNAVAILABLE',
        `the token function failed: ${error instanceof Error ? error.message : String(error)}`,
        error,
      );
    }
  }

  /** The server has accepted it; it is used for reconnects while it lasts. */
  accepted(token: string, lastsMs: number): void {
    this.#cached = token;
    this.#expiresAt = this.#clock.monotonic() + lastsMs;
  }

  forget(): void {
    this.#cached = undefined;
  }
}
