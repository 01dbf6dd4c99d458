/** What happens in a service, for operators. Every function is cheap when nobody listens. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Opens a span below the given W3C traceparent; an empty traceparent gives a span that does nothing. */
  span(name: string, traceparent: string): Span;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * error: someone must act; warn: an anomaly that was handled; info: once per life-cycle step; debug: the rest.
 * Never per message; never a body or a token.
 */
export interface Logger {
  error(message: string, fields?: LogFields, cause?: unknown): void;
  warn(message: string, fields?: LogFields, cause?: unknown): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** The same logger with fields that go with every line. */
  child(fields: LogFields): Logger;
}

/** Names are `parley_<service>_<what>_<unit>`; label values come from small fixed sets, never ids. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  gauge(name: string, help: string, labels?: readonly string[]): Gauge;
  /** Buckets in the unit of the name. */
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram;
}

/** Label values are given in the order of the labels. `with` is for hot paths: keep what it returns. */
export interface Counter {
  add(amount: number, ...labels: readonly string[]): void;
  with(...labels: readonly string[]): { add(amount: number): void };
}

export interface Gauge {
  set(value: number, ...labels: readonly string[]): void;
  /** The value is asked for when metrics are read. */
  observe(read: () => number, ...labels: readonly string[]): void;
}

export interface Histogram {
  record(value: number, ...labels: readonly string[]): void;
  with(...labels: readonly string[]): { record(value: number): void };
}

export interface Span {
  /** To hand on; empty when nothing is traced. */
  readonly traceparent: string;
  end(error?: unknown): void;
}
