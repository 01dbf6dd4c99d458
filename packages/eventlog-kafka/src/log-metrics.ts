import type { Counter, Histogram, Metrics } from '@parley/telemetry';

/** What operators see of the log. */
export interface LogMetrics {
  readonly produceMs: Histogram;
  readonly records: Counter;
  readonly unknowns: Counter;
  readonly suspicions: Counter;
}

/** Registers the metrics; topics are a small fixed set. */
export const createLogMetrics = (metrics: Metrics): LogMetrics => ({
  produceMs: metrics.histogram(
    'parley_eventlog_produce_ms',
    'How long produce requests to Kafka took.',
    [1, 2, 5, 10, 20, 50, 100, 250, 1000, 5000],
    ['topic'],
  ),
  records: metrics.counter('parley_eventlog_records_total', 'Records that Kafka has answered for.', ['topic']),
  unknowns: metrics.counter('parley_eventlog_unknown_appends_total', 'Produce requests whose outcome is not known.', ['topic']),
  suspicions: metrics.counter('parley_eventlog_suspicions_total', 'How often a broker did not answer and was left alone for a while.'),
});
