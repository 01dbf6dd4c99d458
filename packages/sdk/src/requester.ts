import type { Clock } from '@parley/kernel';
import { ParleyClientError } from './client-error.js';
import type { Answer, Connection, RequestBody, ServerBody } from './connection.js';
import type { SdkLimits } from './limits.js';

export type AnswerType = Exclude<ServerBody['type'], 'error'>;
export type AnswerValue<Type extends AnswerType> = Extract<ServerBody, { readonly type: Type }>['value'];

export interface CallOptions<Type extends AnswerType> {
  readonly body: RequestBody;
  /** The answer that counts as success. */
  readonly expect: Type;
  /** Doing it twice is the same as once: it is repeated on the next connection when this one breaks. */
  readonly isRepeatable?: boolean;
  /** Fails at once instead of waiting for a connection. */
  readonly isImmediate?: boolean;
}

/**
 * Requests as promises. They wait for a connection, and for earlier ones while too many are open: the server refuses more.
 * They fail with a ParleyClientError in the end.
 */
export class Requester {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #openMax: number;
  #connection: Connection | undefined;
  #waiting = new Set<() => void>();
  #open = 0;
  #isClosed = false;

  constructor(clock: Clock, limits: Pick<SdkLimits, 'requestTimeoutMs' | 'openRequestsMax'>) {
    this.#clock = clock;
    this.#timeoutMs = limits.requestTimeoutMs;
    this.#openMax = limits.openRequestsMax;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  online(connection: Connection): void {
    this.#connection = connection;
    this.#wakeAll();
  }

  offline(): void {
    this.#connection = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection = undefined;
    this.#wakeAll();
  }

  call<Type extends AnswerType>(options: CallOptions<Type>): Promise<AnswerValue<Type>> {
    const deadline = this.#clock.monotonic() + this.#timeoutMs;
    const promise = new Promise<unknown>((resolve, reject) => {
      const attempt = (): void => {
        const leftMs = Math.max(0, deadline - this.#clock.monotonic());
        const isFree = options.isImmediate === true || this.#open < this.#openMax;
        if (this.#connection !== undefined && isFree) {
          this.#open++;
          this.#connection.request(options.body, leftMs, (answer) => {
            this.#open--;
            // The connection is still in place while it tells that it is lost: only the next one may be tried.
            if (answer.type !== 'lost') this.#wakeNext();
            if (answer.type === 'lost' && options.isRepeatable === true && !this.#isClosed) this.#wait(leftMs, attempt, reject);
            else conclude(options.expect, answer, resolve, reject);
          });
        } else if (this.#isClosed || options.isImmediate === true) {
          reject(ParleyClientError.of('UNAVAILABLE', this.#isClosed ? 'the client is closed' : 'not connected'));
        } else {
          this.#wait(leftMs, attempt, reject);
        }
      };
      attempt();
    });
    return promise as Promise<AnswerValue<Type>>;
  }

  #wait(leftMs: number, attempt: () => void, reject: (error: ParleyClientError) => void): void {
    const wake = (): void => {
      cancel();
      this.#waiting.delete(wake);
      attempt();
    };
    const cancel = this.#clock.setTimer(leftMs, () => {
      this.#waiting.delete(wake);
      reject(ParleyClientError.of('UNAVAILABLE', 'not connected'));
    });
    this.#waiting.add(wake);
  }

  #wakeNext(): void {
    const [next] = this.#waiting;
    if (this.#connection !== undefined) next?.();
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }
}

function conclude(expect: AnswerType, answer: Answer, resolve: (value: unknown) => void, reject: (error: ParleyClientError) => void): void {
  switch (answer.type) {
    case 'answered':
      if (answer.body.type === expect) resolve(answer.body.value);
      else reject(ParleyClientError.of('INTERNAL', `unexpected answer ${answer.body.type}`));
      return;
    case 'refused':
      reject(answer.error);
      return;
    case 'timeout':
      reject(ParleyClientError.of('TIMEOUT'));
      return;
    case 'lost':
      reject(ParleyClientError.of('TIMEOUT', 'the connection was lost before the answer'));
  }
}
