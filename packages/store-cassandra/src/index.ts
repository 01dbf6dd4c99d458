export type { CassandraConnection } from './cassandra-client.js';
export * from './migrate.js';
export * from './open-cassandra-stores.js';
