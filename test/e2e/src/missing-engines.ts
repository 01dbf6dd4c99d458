import { engineAvailability } from '@parley/engines';

/** What this machine lacks for a real Kafka and Cassandra, in words. */
export function missingEngines(): readonly string[] {
  const { kafka, cassandra } = engineAvailability();
  return [...new Set([...kafka, ...cassandra])];
}
