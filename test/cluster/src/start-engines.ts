import { type CassandraCluster, type KafkaCluster, startCassandra, startKafka } from '@parley/engines';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import type { DeployedPart } from '@parley/testkit';
import type { EngineAddresses } from './cluster-plan.js';
import { enginePart } from './engine-part.js';

export interface EngineOptions {
  readonly kafkaNodes: 1 | 3;
  readonly cassandraNodes: 1 | 3;
  /** One per Kafka node. */
  readonly kafkaPorts: readonly number[];
  readonly cassandraPort: number;
  /** Keeps the data there. */
  readonly folder: string;
  /** Further options of all JVMs. */
  readonly jvmOptions: readonly string[];
  readonly onProgress: (line: string) => void;
}

/** Engines that are being started, each on its own. */
export interface StartingEngines {
  readonly kafka: Promise<readonly DeployedPart[]>;
  readonly cassandra: Promise<readonly DeployedPart[]>;
  /** Ends what runs, kill -9 unless orderly. */
  stop(options: { readonly orderly: boolean }): Promise<void>;
}

/** Where the engines will be. */
export const engineAddresses = ({ kafkaPorts, cassandraNodes, cassandraPort }: EngineOptions): EngineAddresses => ({
  brokers: kafkaPorts.map((port) => `127.0.0.1:${port}`),
  contactPoints: Array.from({ length: cassandraNodes }, (_, index) => `127.0.0.${index + 1}`),
  cassandraPort,
});

/** Starts both at once. Cassandra syncs before it acknowledges, so that a kill -9 loses nothing. */
export function startEngines(options: EngineOptions): StartingEngines {
  const { jvmOptions, onProgress } = options;
  const kafka = startKafka({
    ...{ nodes: options.kafkaNodes, ports: options.kafkaPorts, jvmOptions, onProgress },
    dir: folderOf(options, 'kafka'),
  });
  const cassandra = startCassandra({
    ...{ nodes: options.cassandraNodes, port: options.cassandraPort, jvmOptions, onProgress },
    dir: folderOf(options, 'cassandra'),
    commitLogSync: 'batch',
  });
  const running: readonly Promise<KafkaCluster | CassandraCluster>[] = [cassandra, kafka];
  return {
    kafka: kafka.then((engine) => partsOf('kafka', engine)),
    cassandra: cassandra.then((engine) => partsOf('cassandra', engine)),
    stop: async ({ orderly }) => {
      for (const starting of await Promise.allSettled(running)) {
        if (starting.status === 'fulfilled') await starting.value.stop({ orderly });
      }
    },
  };
}

/** `kafka`, or `kafka-1` and so on where there are more. */
function partsOf(name: string, engine: KafkaCluster | CassandraCluster): readonly DeployedPart[] {
  const { nodes } = engine;
  return Array.from({ length: nodes }, (_, index) => enginePart(nodes === 1 ? name : `${name}-${index + 1}`, engine, index + 1));
}

function folderOf({ folder }: EngineOptions, engine: string): string {
  const path = join(folder, engine);
  mkdirSync(path, { recursive: true });
  return path;
}
