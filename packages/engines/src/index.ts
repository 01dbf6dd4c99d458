export { defaultCacheFolder } from './cache-folder.js';
export * from './cassandra.js';
export type { ClusterHandle } from './cluster-handle.js';
export * from './engine-availability.js';
export type { Cache, OnProgress } from './jars.js';
export * from './kafka.js';
export type { KafkaProperties } from './kafka-properties.js';
export { freePorts } from './loopback.js';
export * from './reaper.js';
