import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { ParleyError } from '@parley/kernel';
import type { RpcDialer } from '@parley/rpc';
import { EchoService, rpcContract } from '@parley/rpc/contract';
import { service as healthService } from 'grpc-health-check';
import { errorOfStatus, statusOf } from './call-status.js';
import { createGrpcDialer } from './grpc-dialer.js';
import { listenGrpc } from './grpc-server.js';
import { grpcLimits } from './limits.js';
import { channelCredentials, type GrpcTls } from './tls.js';

const local = { host: '127.0.0.1', port: 0 };

const opensslProgram = 'openssl';

/** An authority of its own and a certificate for localhost that it signed. */
function newCertificates(): GrpcTls {
  const folder = mkdtempSync(join(tmpdir(), 'parley-tls-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): void => {
    const { status: code, stderr } = spawnSync(opensslProgram, args);
    if (code !== 0) throw new Error(String(stderr));
  };
  try {
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    const extension = ['-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=CA:FALSE'];
    openssl('req', '-x509', ...newKey, '-subj', '/CN=authority', '-keyout', file('ca.key'), '-out', file('ca.pem'));
    const issuer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
    openssl('req', '-x509', ...newKey, ...issuer, '-subj', '/CN=localhost', ...extension, '-keyout', file('key'), '-out', file('cert'));
    const read = (name: string): string => readFileSync(file(name), 'utf8');
    return { ca: read('ca.pem'), cert: read('cert'), key: read('key') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A port that was free a moment ago. */
async function deadAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

rpcContract(
  'service calls over gRPC',
  async () => {
    const faults: unknown[] = [];
    const server = await listenGrpc({ ...local, onFault: (_method, fault) => faults.push(fault) });
    return { server, dialer: createGrpcDialer(), faults };
  },
  { messageBytesMax: grpcLimits.messageBytesMax, deadAddress: await deadAddress() },
);

describe('service calls over gRPC, beyond the contract', () => {
  it('show a connection that broke under a call as an unknown outcome', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      // The settings frame of HTTP/2 (RFC 9113, section 6.5), so that the call is sent; never an answer.
      socket.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
      socket.on('error', () => {});
      let received = 0;
      socket.on('data', (bytes) => {
        received += bytes.length;
        if (received > 300) socket.destroy();
      });
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const dialer = createGrpcDialer();
    const client = dialer.client(EchoService, `127.0.0.1:${(silent.address() as AddressInfo).port}`);
    await expect(client.say({ text: 'x'.repeat(500) })).rejects.toMatchObject({ error: 'TIMEOUT' });
    await dialer[Symbol.asyncDispose]();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('answer health checks, and NOT_SERVING when told so', async () => {
    const server = await listenGrpc(local);
    const client = new Client(server.address, channelCredentials(undefined));
    const check = healthService['Check'];
    if (check === undefined) throw new Error('no health check');
    const ask = () =>
      new Promise<unknown>((resolve, reject) => {
        client.makeUnaryRequest(
          check.path,
          check.requestSerialize,
          check.responseDeserialize,
          { service: '' },
          (error: ServiceError | null, answer) => (error === null ? resolve(answer) : reject(error)),
        );
      });
    expect(await ask()).toMatchObject({ status: 'SERVING' });
    server.setServing(false);
    expect(await ask()).toMatchObject({ status: 'NOT_SERVING' });
    client.close();
    await server[Symbol.asyncDispose]();
  });

  it('reach a server again that comes back at its address', async () => {
    const address = await deadAddress();
    const port = Number(address.split(':')[1]);
    const dialer = createGrpcDialer();
    const client = dialer.client(EchoService, address);
    await expect(client.say({})).rejects.toMatchObject({ error: 'UNAVAILABLE' });
    const server = await listenGrpc({ host: '127.0.0.1', port });
    server.serve(EchoService, { say: async () => ({ text: 'back' }), chat: async () => {} });
    const ask = (): Promise<string> =>
      client.say({}).then(
        (answer) => answer.text,
        () => ask(),
      );
    expect(await ask()).toBe('back');
    await dialer[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it('refuse a request whose bytes are no message', async () => {
    const server = await listenGrpc(local);
    server.serve(EchoService, { say: async () => ({}), chat: async () => {} });
    const client = new Client(server.address, channelCredentials(undefined));
    const pass = (bytes: Buffer): Buffer => bytes;
    const failure = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(`/${EchoService.typeName}/Say`, pass, pass, Buffer.from([0xff]), resolve);
    });
    expect(failure?.code).toBe(status.INVALID_ARGUMENT);
    client.close();
    await server[Symbol.asyncDispose]();
  });

  const withOpenssl = spawnSync(opensslProgram, ['version']).status === 0 ? it : it.skip;
  withOpenssl('let in only who shows a certificate of the same authority', async () => {
    const tls = newCertificates();
    const server = await listenGrpc({ ...local, advertisedHost: 'localhost', tls });
    server.serve(EchoService, { say: async () => ({ text: 'in' }), chat: async () => {} });
    const ask = async (dialer: RpcDialer): Promise<string> => {
      const answer = await dialer
        .client(EchoService, server.address)
        .say({})
        .catch((error: ParleyError) => ({ text: error.error }));
      await dialer[Symbol.asyncDispose]();
      return answer.text;
    };
    expect(await ask(createGrpcDialer({ tls }))).toBe('in');
    expect(await ask(createGrpcDialer({ tls: newCertificates() }))).toBe('UNAVAILABLE');
    expect(await ask(createGrpcDialer())).not.toBe('in');
    await server[Symbol.asyncDispose]();
  });

  it('read the status of a peer that knows more errors than we do', () => {
    const metadata = new Metadata();
    metadata.set('parley-code', '1999');
    expect(errorOfStatus({ code: status.NOT_FOUND, details: '', metadata }).error).toBe('INTERNAL');
    expect(errorOfStatus({ code: status.UNAVAILABLE, details: '', metadata }).error).toBe('UNAVAILABLE');
  });

  it('keep trailers small', () => {
    const sent = statusOf(new ParleyError('INVALID_ARGUMENT', 'ü'.repeat(10_000)));
    expect(errorOfStatus(sent).detail.length).toBe(grpcLimits.detailCharsMax);
  });
});
