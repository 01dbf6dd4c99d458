import type { Telemetry } from '@parley/telemetry';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { openSpan } from './opentelemetry-span.js';
import { createLogger, type LoggerOptions } from './pino-logger.js';
import { createMetrics } from './prometheus-metrics.js';

export interface NodeTelemetryOptions extends LoggerOptions {
  /** Whether CPU, memory and event loop of the process are measured too; true by default. */
  readonly measuresProcess?: boolean;
}

/** Telemetry of a process, and what `/metrics` answers with. */
export interface NodeTelemetry extends Telemetry {
  /** All metrics as text, as Prometheus reads them. */
  readMetrics(): Promise<string>;
  readonly metricsContentType: string;
}

/** Logs with pino, measures with prom-client, traces with whatever OpenTelemetry SDK is registered. */
export function createNodeTelemetry(options: NodeTelemetryOptions): NodeTelemetry {
  const registry = new Registry();
  if (options.measuresProcess !== false) collectDefaultMetrics({ register: registry });
  return {
    logger: createLogger(options),
    metrics: createMetrics(registry),
    span: openSpan,
    readMetrics: () => registry.metrics(),
    metricsContentType: registry.contentType,
  };
}
