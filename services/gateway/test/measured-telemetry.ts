import { type Counter, type Logger, type Metrics, silentTelemetry, type Span, type Telemetry } from '@parley/telemetry';

/** Telemetry that keeps counters: `name label label` to what was counted. */
export class MeasuredTelemetry implements Telemetry {
  readonly counts: Record<string, number> = {};
  readonly logger: Logger = silentTelemetry.logger;
  readonly metrics: Metrics = { ...silentTelemetry.metrics, counter: (name) => this.#counter(name) };
  readonly span = (): Span => silentTelemetry.span('', '');

  #counter(name: string): Counter {
    const add = (amount: number, ...labels: readonly string[]): void => {
      const key = [name, ...labels].join(' ');
      this.counts[key] = (this.counts[key] ?? 0) + amount;
    };
    return { add, with: (...labels) => ({ add: (amount) => add(amount, ...labels) }) };
  }
}
