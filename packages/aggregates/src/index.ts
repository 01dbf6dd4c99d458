export * from './aggregate-host.js';
export type { AggregateEvent, AggregateKind, AggregateName, Forward } from './aggregate-kind.js';
export type { AnswerWhen } from './aggregate-partition.js';
export * from './companion.js';
export * from './limits.js';
export * from './member-page.js';
export type { Stamp } from './partition-clock.js';
export * from './ports.js';
export * from './request-fields.js';
