export type { AggregateEvent, AggregateKind, AggregateName } from './aggregate-kind.js';
export * from './aggregate-host.js';
export * from './limits.js';
export type { Stamp } from './partition-clock.js';
export * from './ports.js';
export * from './member-page.js';
export * from './request-fields.js';
