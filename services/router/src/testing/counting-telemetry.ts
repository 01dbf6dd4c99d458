import { silentTelemetry, type Telemetry } from '@parley/telemetry';

/** Telemetry whose counters can be read. */
export class CountingTelemetry implements Telemetry {
  readonly logger = silentTelemetry.logger;
  readonly span = silentTelemetry.span;
  readonly #counts = new Map<string, number>();
  readonly metrics = {
    ...silentTelemetry.metrics,
    counter: (name: string) => ({
      add: (amount: number, ...labels: readonly string[]) => this.#add(name, labels, amount),
      with: (...labels: readonly string[]) => ({ add: (amount: number) => this.#add(name, labels, amount) }),
    }),
  };

  /** Of a counter with these label values, in their order. */
  count(name: string, ...labels: readonly string[]): number {
    return this.#counts.get([name, ...labels].join()) ?? 0;
  }

  #add(name: string, labels: readonly string[], amount: number): void {
    const key = [name, ...labels].join();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount);
  }
}
