import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A place on this machine. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where ports have to be free, and which. */
interface PortOptions {
  /** On each of them; 127.0.0.1 by default. */
  readonly hosts?: readonly string[];
  /** Those come first that are free. */
  readonly preferred?: readonly number[];
}

/**
 * Ports that nobody listens at. They lie below the ephemeral range: otherwise a client that reconnects to a killed process may
 * be given the process's own port and keep it from coming back.
 */
export async function freePorts(count: number, { hosts = ['127.0.0.1'], preferred = [] }: PortOptions = {}): Promise<readonly number[]> {
  const ports = new Set<number>();
  const addIfFree = async (port: number): Promise<void> => {
    const free = await Promise.all(hosts.map((host) => isFree(host, port)));
    if (free.every(Boolean)) ports.add(port);
  };
  for (const port of preferred.slice(0, count)) await addIfFree(port);
  while (ports.size < count) await addIfFree(randomInt(10_000, 32_000));
  return [...ports];
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return false;
    throw error; // EADDRNOTAVAIL: this system has no such loopback address
  } finally {
    server.close();
  }
}

/** Sends a request and waits for one reply. */
export type Ask = (request: Buffer) => Promise<Buffer>;

/** Connects, lets `talk` ask, and disconnects. `frameLength` says how long a reply is that begins with these bytes. */
export async function dialog<T>(
  { host, port }: Address,
  frameLength: (bytes: Buffer) => number,
  talk: (ask: Ask) => Promise<T>,
): Promise<T> {
  const socket = connect({ host, port }).on('error', () => {}); // `once` reports it
  let received: Buffer = Buffer.alloc(0);
  const ask: Ask = async (request) => {
    socket.write(request);
    while (received.length < frameLength(received)) {
      const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(2_000) })) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    const reply = received.subarray(0, frameLength(received));
    received = received.subarray(reply.length);
    return reply;
  };
  try {
    return await talk(ask);
  } finally {
    socket.destroy();
  }
}
