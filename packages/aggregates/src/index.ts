export * from './aggregate-host.js';
export type { AggregateEvent, AggregateKind, AggregateName } from './aggregate-kind.js';
export * from './limits.js';
export * from './member-page.js';
export type { Stamp } from './partition-clock.js';
export * from './ports.js';
export * from './request-fields.js';
