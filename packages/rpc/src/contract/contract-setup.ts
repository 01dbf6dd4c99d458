import { expect } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import type { BidiStream, RpcDialer, RpcServer, ServiceClient, ServiceHandlers } from '../port.js';
import { type Echo, type EchoInit, EchoService } from './echo-service.js';

/** A server and a way to reach it. Faults that handlers should not throw go to `faults`. */
export interface RpcFixture {
  readonly server: RpcServer;
  readonly dialer: RpcDialer;
  readonly faults: unknown[];
}

/** How a transport differs from the others. */
export interface RpcContractOptions {
  /** Largest encoded message; absent where messages are handed over by reference, without a limit. */
  readonly messageBytesMax?: number;
  /** An address where nobody listens. */
  readonly deadAddress: string;
}

type Handlers = ServiceHandlers<typeof EchoService>;
/** The handler's end of a stream. */
export type ServerStream = BidiStream<Echo, EchoInit>;

/** What the parts of the suite share; the fixture is made anew for each test. */
export interface Setup {
  readonly create: () => Promise<RpcFixture>;
  readonly options: RpcContractOptions;
  fixture: RpcFixture | undefined;
}

/** The fixture of the running test. */
export function fixtureOf(setup: Setup): RpcFixture {
  if (setup.fixture === undefined) throw new Error('the fixture is made before each test');
  return setup.fixture;
}

/** Serves the given handlers; methods without one are refused. */
export function serve(setup: Setup, handlers: Partial<Handlers>): ServiceClient<typeof EchoService> {
  const { server, dialer } = fixtureOf(setup);
  const refuse = async (): Promise<never> => {
    throw new ParleyError('UNSUPPORTED');
  };
  server.serve(EchoService, { say: refuse, chat: refuse, ...handlers });
  return dialer.client(EchoService, server.address);
}

/** The ParleyError that the promise is rejected with; fails when it is not. */
export const failureOf = (promise: Promise<unknown>): Promise<ParleyError> =>
  promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(ParleyError);
      return error as ParleyError;
    },
  );

/** Everything up to the end of a stream. */
export async function collect(incoming: AsyncIterable<Echo>): Promise<Echo[]> {
  const messages: Echo[] = [];
  for await (const message of incoming) messages.push(message);
  return messages;
}

/** The next message, or undefined at the end. */
export async function nextOf(incoming: AsyncIterable<Echo>): Promise<Echo | undefined> {
  const result = await incoming[Symbol.asyncIterator]().next();
  return result.done === true ? undefined : result.value;
}

/** Resolves once the signal is aborted. */
export const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Whether a promise settles while the event loop turns a number of times: enough for everything that needs no reader. */
export async function settlesSoon(promise: Promise<void>): Promise<boolean> {
  let isSettled = false;
  void promise.then(() => {
    isSettled = true;
  });
  for (let turn = 0; turn < 100 && !isSettled; turn++) await new Promise((resolve) => setImmediate(resolve));
  return isSettled;
}

/** Lets a test and a handler wait for each other. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** A closed gate. */
export function gate(): Gate {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
