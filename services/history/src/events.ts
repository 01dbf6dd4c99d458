import type { Telemetry } from '@parley/telemetry';

/** What happens in history, for operators. */
export interface HistoryEvents {
  projected(events: number, lagMs: number): void;
  started(partition: number, offset: number): void;
}

const milliseconds = [1, 5, 10, 20, 50, 100, 500, 1_000, 5_000, 60_000];

export function createHistoryEvents({ metrics, logger }: Telemetry): HistoryEvents {
  const events = metrics.counter('parley_history_events_total', 'Events written to the read model').with();
  const lag = metrics.histogram('parley_history_lag_ms', 'Age of an event when it was readable', milliseconds).with();
  return {
    projected(count, lagMs) {
      events.add(count);
      lag.record(Math.max(0, lagMs));
    },
    started: (partition, offset) => logger.debug('projection started', { partition, offset }),
  };
}
