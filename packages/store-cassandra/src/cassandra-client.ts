import type { ConnectionOptions } from 'node:tls';
import { auth, Client, ExecutionProfile, type policies, types } from 'cassandra-driver';
import { cassandraLimits } from './limits.js';

/** How to reach a cluster. */
export interface CassandraConnection {
  /** Host names or addresses, with or without `:port`. */
  readonly contactPoints: readonly string[];
  /** Native-protocol port of every node; peers are known by address only. */
  readonly port: number;
  /** Only nodes of this data centre are asked. */
  readonly localDataCenter: string;
  readonly keyspace: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: ConnectionOptions;
}

/** Asks a second node when the first is slow: the driver never marks a frozen one down by itself. */
class SecondNode implements policies.speculativeExecution.SpeculativeExecutionPolicy {
  init(): void {}

  shutdown(): void {}

  getOptions(): Map<string, object> {
    return new Map();
  }

  newPlan(_keyspace: string, query: string | object[]): { nextExecution: () => number } {
    const isRead = typeof query === 'string' && query.startsWith('SELECT');
    const delayMs = isRead ? cassandraLimits.secondReadAfterMs : cassandraLimits.secondWriteAfterMs;
    let isUsed = false;
    return {
      nextExecution: () => {
        if (isUsed) return -1;
        isUsed = true;
        return delayMs;
      },
    };
  }
}

const profiles = (): ExecutionProfile[] => [
  new ExecutionProfile('default', {
    consistency: types.consistencies.localQuorum,
    readTimeout: cassandraLimits.readTimeoutMs,
  }),
  new ExecutionProfile('write', {
    consistency: types.consistencies.localQuorum,
    readTimeout: cassandraLimits.writeTimeoutMs,
  }),
  new ExecutionProfile('schema', {
    consistency: types.consistencies.localQuorum,
    serialConsistency: types.consistencies.localSerial,
    readTimeout: cassandraLimits.schemaTimeoutMs,
  }),
];

/** Connects; rejects when no node answers. `withKeyspace: false` is for whoever creates the keyspace. */
export async function connectCassandra(connection: CassandraConnection, options = { withKeyspace: true }): Promise<Client> {
  const { credentials, tls } = connection;
  const client = new Client({
    contactPoints: connection.contactPoints.map((point) => withPort(point, connection.port)),
    localDataCenter: connection.localDataCenter,
    ...(options.withKeyspace ? { keyspace: connection.keyspace } : {}),
    ...(credentials === undefined ? {} : { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }),
    ...(tls === undefined ? {} : { sslOptions: tls }),
    protocolOptions: { port: connection.port, maxSchemaAgreementWaitSeconds: cassandraLimits.schemaTimeoutMs / 1000 },
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    policies: { speculativeExecution: new SecondNode() },
    monitorReporting: { enabled: false },
    profiles: profiles(),
  });
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown();
    throw error;
  }
  return client;
}

const withPort = (point: string, port: number): string => (/(^[^:]+|\]):\d+$/.test(point) ? point : `${point}:${port}`);

const nameOfKeyspace = /^[a-z][a-z0-9_]{0,47}$/;

/** Names go into CQL as they are; throws for what would need quotes. */
export function checkKeyspaceName(keyspace: string): void {
  if (!nameOfKeyspace.test(keyspace)) {
    throw new Error(`keyspace "${keyspace}": expected a letter, then at most 47 of a-z, 0-9 and _`);
  }
}
