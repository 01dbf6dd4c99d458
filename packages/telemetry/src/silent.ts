import type { Counter, Gauge, Histogram, Logger, Metrics, Span, Telemetry } from './port.js';

const nothing = (): void => {};

const logger: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing, child: () => logger };
const counter: Counter = { add: nothing, with: () => ({ add: nothing }) };
const gauge: Gauge = { set: nothing, observe: nothing };
const histogram: Histogram = { record: nothing, with: () => ({ record: nothing }) };
const metrics: Metrics = { counter: () => counter, gauge: () => gauge, histogram: () => histogram };
const span: Span = { traceparent: '', end: nothing };

/** Telemetry that goes nowhere. */
export const silentTelemetry: Telemetry = { logger, metrics, span: () => span };
