import { backoffMs, type BackoffPolicy, type Clock, type ErrorName, ParleyError, type Random } from '@parley/kernel';
import { givenUpError } from './call-errors.js';
import { rpcLimits } from './limits.js';
import type { Owner, OwnerDirectory } from './owner-directory.js';
import type { CallOptions, RpcDialer, ServiceClient, ServiceDescriptor, UnaryMethod, UnaryRequest } from './port.js';

/** The unary calls of a service whose partitions are spread over processes. */
export type RoutedClient<S extends ServiceDescriptor> = Pick<ServiceClient<S>, UnaryMethod<S> & keyof ServiceClient<S>>;

export interface RoutedClientOptions<S extends ServiceDescriptor> {
  readonly service: S;
  /** Name of the service in the directory. */
  readonly serviceName: string;
  readonly dialer: RpcDialer;
  readonly directory: OwnerDirectory;
  /** The partition that a request belongs to; undefined when every process of the service can answer. */
  readonly partitionOf: (request: UnaryRequest<S>, method: UnaryMethod<S>) => number | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

const retryPolicy: BackoffPolicy = { firstMs: 20, longestMs: 500 };

type UnaryCall = (request: unknown, options: CallOptions) => Promise<unknown>;

/**
 * Nothing happened: another process owns the partition, nobody is there, or a process is that has taken the owner's
 * address and does not serve yet, such as one that starts again after a crash.
 */
const withoutEffect: readonly ErrorName[] = ['NOT_OWNER', 'UNAVAILABLE', 'UNSUPPORTED'];

/**
 * A client that sends each call to the owner of its partition. What had no effect (NOT_OWNER, UNAVAILABLE,
 * UNSUPPORTED) is retried within the call's timeout: at once when the directory has changed, after a short
 * wait otherwise. When the time is over UNAVAILABLE is thrown: the others are of no use to anybody else.
 */
export function createRoutedClient<S extends ServiceDescriptor>(options: RoutedClientOptions<S>): RoutedClient<S> {
  const router = new CallRouter(options);
  const client: Record<string, UnaryCall> = {};
  for (const [key, method] of Object.entries(options.service.methods)) {
    if (method.kind !== 'unary') continue;
    const partitionOf = options.partitionOf as (request: unknown, method: string) => number | undefined;
    client[key] = async (request, callOptions = {}) => router.call(key, partitionOf(request, key), { request, callOptions });
  }
  return client as unknown as RoutedClient<S>;
}

class CallRouter<S extends ServiceDescriptor> {
  readonly #options: RoutedClientOptions<S>;
  readonly #clients = new Map<string, Readonly<Record<string, UnaryCall>>>();

  constructor(options: RoutedClientOptions<S>) {
    this.#options = options;
  }

  async call(
    method: string,
    partition: number | undefined,
    { request, callOptions }: { readonly request: unknown; readonly callOptions: CallOptions },
  ): Promise<unknown> {
    const { clock, random } = this.#options;
    const endMs = clock.monotonic() + (callOptions.timeoutMs ?? rpcLimits.callTimeoutMs);
    for (let attempt = 0; ; attempt++) {
      const owner = this.#pick(partition);
      let failure: ParleyError;
      try {
        if (owner === undefined) throw new ParleyError('UNAVAILABLE', `nobody serves ${this.#nameOf(partition)} yet`);
        const timeoutMs = Math.max(1, endMs - clock.monotonic());
        return await this.#callAt(owner.address, method)(request, { ...callOptions, timeoutMs });
      } catch (thrown) {
        failure = ParleyError.from(thrown);
        if (!withoutEffect.includes(failure.error)) throw failure;
      }
      const leftMs = endMs - clock.monotonic();
      if (leftMs <= 0) throw this.#outward(failure, partition);
      const pauseMs = Math.max(1, backoffMs(retryPolicy, attempt, random));
      await this.#newsOrPause(partition, owner, { pauseMs: Math.min(leftMs, pauseMs), signal: callOptions.signal });
    }
  }

  #pick(partition: number | undefined): Owner | undefined {
    const { directory, serviceName, random } = this.#options;
    if (partition !== undefined) return directory.ownerOf(serviceName, partition);
    const peers = directory.peersOf(serviceName);
    return peers[Math.floor(random.next() * peers.length)];
  }

  #callAt(address: string, method: string): UnaryCall {
    let client = this.#clients.get(address);
    if (client === undefined) {
      const { dialer, service } = this.#options;
      client = dialer.client<ServiceDescriptor>(service, address) as unknown as Readonly<Record<string, UnaryCall>>;
      if (this.#clients.size >= clientsMax) this.#clients.clear();
      this.#clients.set(address, client);
    }
    return client[method] as UnaryCall;
  }

  /** Resolves at once when the partition has another owner than the one that was asked. */
  #newsOrPause(
    partition: number | undefined,
    asked: Owner | undefined,
    { pauseMs, signal }: { readonly pauseMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { directory, serviceName, clock } = this.#options;
    if (partition !== undefined && directory.ownerOf(serviceName, partition) !== asked) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        cancelTimer();
        stopWatching();
        signal?.removeEventListener('abort', settle);
        if (signal?.aborted) reject(givenUpError(signal));
        else resolve();
      };
      const cancelTimer = clock.setTimer(pauseMs, settle);
      const stopWatching = directory.onChange((owner) => {
        if (owner.service === serviceName && (partition === undefined || owner.partition === partition)) settle();
      });
      signal?.addEventListener('abort', settle, { once: true });
    });
  }

  #outward(failure: ParleyError, partition: number | undefined): ParleyError {
    if (failure.error === 'UNAVAILABLE') return failure;
    return new ParleyError('UNAVAILABLE', `${this.#nameOf(partition)} is changing hands`, { cause: failure });
  }

  #nameOf(partition: number | undefined): string {
    return partition === undefined ? this.#options.serviceName : `${this.#options.serviceName}/${partition}`;
  }
}

/** Addresses whose clients are kept; more means that most of them are gone. */
const clientsMax = 1_024;
