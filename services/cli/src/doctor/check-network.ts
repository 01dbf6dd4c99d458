import { connect, createServer } from 'node:net';
import { systemClock } from '@parley/kernel';
import { type Finding, fine, noted, problem } from './finding.js';

const reachWithinMs = 3_000;

/** Whether the server could listen there. Port 0 is always free. */
export async function checkPort(name: string, at: { readonly host: string; readonly port: number }): Promise<Finding> {
  const check = `${name} port ${at.port}`;
  const failure = await listenOnce(at);
  if (failure === undefined) return fine(check, 'free');
  if (failure === 'EADDRINUSE') {
    return noted(check, 'in use', 'by a Parley that runs already, or by another program: see ss -ltnp, or choose another port');
  }
  return problem(check, failure, failure === 'EACCES' ? 'ports below 1024 need rights; choose another' : `check ${name}.host: ${at.host}`);
}

function listenOnce(at: { readonly host: string; readonly port: number }): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(at.port, at.host, () => server.close(() => resolve(undefined)));
  });
}

/** Whether something answers at each address, `host:port`. */
export async function checkReachable(name: string, addresses: readonly string[], setting: string): Promise<readonly Finding[]> {
  if (addresses.length === 0) return [problem(name, 'no address', `set ${setting}`)];
  return Promise.all(
    addresses.map(async (address) => {
      const failure = await reach(address);
      if (failure === undefined) return fine(`${name} ${address}`, 'reachable');
      return problem(`${name} ${address}`, failure, `start it, or correct ${setting}`);
    }),
  );
}

function reach(address: string): Promise<string | undefined> {
  const at = address.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) });
    const end = (failure?: string): void => {
      cancel();
      socket.destroy();
      resolve(failure);
    };
    const cancel = systemClock.setTimer(reachWithinMs, () => end('no answer'));
    socket.once('connect', () => end());
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
