import { type KafkaLogOptions, openKafkaLog } from '@parley/eventlog-kafka';
import { assertNever } from '@parley/kernel';
import { createInProcessRpc } from '@parley/rpc';
import { createGrpcDialer, listenGrpc } from '@parley/rpc-grpc';
import type { CassandraStores } from '@parley/store-cassandra';
import { type AdapterDeps, type Adapters, faultReporter } from './adapters.js';
import { localFirstRpc } from './local-first-rpc.js';

/** Kafka, Cassandra and gRPC. */
export function createClusterAdapters(deps: AdapterDeps): Adapters {
  let stores: Promise<CassandraStores> | undefined;
  const openStores = (): Promise<CassandraStores> => {
    stores ??= openCassandra(deps).catch((error: unknown) => {
      stores = undefined;
      throw error;
    });
    return stores;
  };
  return {
    openLog: async () => openLog(deps),
    openHistoryStore: async () => (await openStores()).history,
    openPushStore: async () => (await openStores()).push,
    closeStores: async () => {
      const opened = await stores?.catch(() => undefined);
      await opened?.history[Symbol.asyncDispose]();
      await opened?.push[Symbol.asyncDispose]();
    },
    openRpc: () => openRpc(deps),
  };
}

function openLog({ config: { kafka }, peer, clock, random, telemetry }: AdapterDeps) {
  const { brokers, replicationFactor, prefix, sessionTimeoutMs } = kafka;
  const sasl = loginOf(kafka.sasl);
  return openKafkaLog({
    ...{ brokers, replicationFactor, prefix, sessionTimeoutMs, clock, random, telemetry },
    clientId: `parley-${peer}`,
    ...(kafka.tls ? { tls: {} } : {}),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

/** Each mechanism apart, because their options are a union by mechanism. */
function loginOf({ mechanism, username, password }: AdapterDeps['config']['kafka']['sasl']): KafkaLogOptions['sasl'] {
  if (username === undefined || password === undefined) return undefined;
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
    default:
      return assertNever(mechanism);
  }
}

/**
 * Both stores share a connection, which is closed with the second of them. The driver is loaded here, because most
 * processes never ask for a store: a tenth of their start and of their memory.
 */
async function openCassandra({ config, clock, random }: AdapterDeps): Promise<CassandraStores> {
  const { openCassandraStores } = await import('@parley/store-cassandra');
  const { username, password, tls, ...cassandra } = config.cassandra;
  const credentials = username === undefined || password === undefined ? {} : { credentials: { username, password } };
  return openCassandraStores({ ...cassandra, clock, random, ...credentials, ...(tls ? { tls: {} } : {}) });
}

async function openRpc(deps: AdapterDeps) {
  const { clock, config } = deps;
  const { host, port, advertisedHost, tls } = config.rpc;
  const onFault = faultReporter(deps);
  const secured = tls === undefined ? {} : { tls };
  const server = await listenGrpc({ host, port, advertisedHost, clock, onFault, ...secured });
  const dialer = createGrpcDialer({ clock, ...secured });
  return localFirstRpc({ server, dialer }, createInProcessRpc({ clock, onFault }));
}
