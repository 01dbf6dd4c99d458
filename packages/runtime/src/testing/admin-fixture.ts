import { GroupService } from '@parley/contracts/group';
import { PolicyService } from '@parley/contracts/policy';
import { RouterService } from '@parley/contracts/router';
import { ParleyError, seededRandom, systemClock } from '@parley/kernel';
import { createInProcessRpc, createMemoryDirectory, type ServiceHandlers } from '@parley/rpc';
import { createNodeTelemetry } from '@parley/telemetry-node';
import { openAdminServer } from '../admin-server.js';
import { JsonDoor } from '../json-door.js';
import { Readiness } from '../readiness.js';
import { createServiceClients } from '../service-clients.js';

const open: AsyncDisposable[] = [];
/** Closes what was arranged; to be called after each test. */
export async function closeAdmins(): Promise<void> {
  for (let next = open.pop(); next !== undefined; next = open.pop()) await next[Symbol.asyncDispose]();
}

/** Key of the API. */
export const adminKey = 'a key of some length';
/** Partitions of every service. */
export const adminPartitions = 4;

/** A process that owns every partition of the given services and listens. */
export async function arrangeAdmin(handlers: {
  readonly group?: Partial<ServiceHandlers<typeof GroupService>>;
  readonly router?: Partial<ServiceHandlers<typeof RouterService>>;
  readonly key?: string | undefined;
}) {
  const rpc = createInProcessRpc();
  const directory = createMemoryDirectory();
  const server = rpc.server();
  const refuse = async (): Promise<never> => {
    throw new ParleyError('UNSUPPORTED');
  };
  const refusals = <S extends { readonly methods: object }>(service: S): ServiceHandlers<S> =>
    Object.fromEntries(Object.keys(service.methods).map((name) => [name, refuse])) as unknown as ServiceHandlers<S>;
  server.serve(GroupService, { ...refusals(GroupService), ...handlers.group });
  server.serve(RouterService, { ...refusals(RouterService), ...handlers.router });
  for (const service of ['group', 'router']) {
    for (let partition = 0; partition < adminPartitions; partition++) {
      await directory.publish({ service, partition, fence: 1, address: server.address, peer: 'p' });
    }
  }
  const clients = createServiceClients({
    dialer: rpc.dialer,
    directory,
    partitions: adminPartitions,
    clock: systemClock,
    random: seededRandom(1),
  });
  const telemetry = createNodeTelemetry({ level: 'error', fields: {}, destination: { write: () => {} }, measuresProcess: false });
  const readiness = new Readiness(systemClock);
  const admin = await openAdminServer({
    host: '127.0.0.1',
    port: 0,
    key: 'key' in handlers ? handlers.key : adminKey,
    readiness,
    telemetry,
    door: new JsonDoor({ ...clients, policy: rpc.dialer.client(PolicyService, server.address) }),
  });
  open.push(admin);
  const base = `http://127.0.0.1:${admin.port}`;
  const post = async (path: string, body: unknown, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${adminKey}` }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${base}${path}`, {
      method: 'POST',
      body: text,
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
  };
  return { base, post, readiness, telemetry };
}

/** The refusal in an answer. */
export const errorOf = (answer: { readonly status: number; readonly body: Readonly<Record<string, unknown>> }) => ({
  status: answer.status,
  ...(answer.body['error'] as { readonly name: string; readonly code: number; readonly detail: string }),
});
