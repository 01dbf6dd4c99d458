import { writeFileSync } from 'node:fs';
import { readAsset } from './assets.js';

/** Broker properties, as written into a properties file. */
export type KafkaProperties = Readonly<Record<string, string | number | boolean>>;

/** One node among its peers. */
export interface KafkaPeer {
  readonly id: number;
  readonly clientPort: number;
  readonly controllerPort: number;
}

/** What differs between nodes, and what follows from their number. */
export function nodeProperties(self: KafkaPeer, peers: readonly KafkaPeer[], data: string): KafkaProperties {
  const replicas = peers.length;
  const inSync = Math.max(1, replicas - 1);
  return {
    'node.id': self.id,
    'controller.quorum.voters': peers.map((peer) => `${peer.id}@127.0.0.1:${peer.controllerPort}`).join(),
    listeners: `CLIENT://127.0.0.1:${self.clientPort},CONTROLLER://127.0.0.1:${self.controllerPort}`,
    'log.dirs': data,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
  };
}

/** Writes the shared properties and these after them: of a property that is set twice, the later value counts. */
export const writeBrokerProperties = (file: string, properties: KafkaProperties): void =>
  writeFileSync(file, readAsset('kafka/broker.properties') + propertyLines(properties));

/** One `key=value` line per property. */
export const propertyLines = (properties: KafkaProperties): string =>
  Object.entries(properties)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
