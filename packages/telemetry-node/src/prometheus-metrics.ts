import type { Counter, Gauge, Histogram, Metrics } from '@parley/telemetry';
import { Counter as PromCounter, Gauge as PromGauge, Histogram as PromHistogram, type Registry } from 'prom-client';

/**
 * Metrics in a registry. A name that is asked for again gives the same metric, so services of one process
 * may share names; asking with other labels throws.
 */
export function createMetrics(registry: Registry): Metrics {
  const counters = new Metered<Counter>('counter');
  const gauges = new Metered<Gauge>('gauge');
  const histograms = new Metered<Histogram>('histogram');
  return {
    counter: (name, help, labels = []) => counters.get(name, labels, () => createCounter(registry, { name, help, labels })),
    gauge: (name, help, labels = []) => gauges.get(name, labels, () => createGauge(registry, { name, help, labels })),
    histogram: (name, help, buckets, labels = []) =>
      histograms.get(name, labels, () => createHistogram(registry, { name, help, labels, buckets })),
  };
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Metrics of one type by name. */
class Metered<M> {
  readonly #type: string;
  readonly #known = new Map<string, { readonly metric: M; readonly labels: string }>();

  constructor(type: string) {
    this.#type = type;
  }

  get(name: string, labels: readonly string[], create: () => M): M {
    const text = labels.join();
    const known = this.#known.get(name);
    if (known === undefined) {
      const metric = create();
      this.#known.set(name, { metric, labels: text });
      return metric;
    }
    if (known.labels !== text) throw new Error(`${this.#type} ${name} has the labels (${known.labels}), not (${text})`);
    return known.metric;
  }
}

/** Label values to what belongs to them; the same values give the same child. */
class Children<C> {
  readonly all = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly child: C }>();
  readonly #names: readonly string[];
  readonly #create: (labels: Readonly<Record<string, string>>) => C;

  constructor(names: readonly string[], create: (labels: Readonly<Record<string, string>>) => C) {
    this.#names = names;
    this.#create = create;
  }

  of(values: readonly string[]): C {
    const key = values.length === 1 ? (values[0] as string) : values.join('\u0000');
    const known = this.all.get(key);
    if (known !== undefined) return known.child;
    if (values.length !== this.#names.length) throw new Error(`expected values for (${this.#names.join()}), got (${values.join()})`);
    const labels = Object.fromEntries(this.#names.map((name, index) => [name, values[index] as string]));
    const child = this.#create(labels);
    this.all.set(key, { labels, child });
    return child;
  }
}

/** Counting is an addition; prom-client is told when the metrics are read. */
function createCounter(registry: Registry, { name, help, labels }: MetricOptions): Counter {
  const children = new Children(labels, () => new PendingCount());
  new PromCounter({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      for (const { labels: values, child } of children.all.values()) this.inc(values, child.take());
    },
  });
  return {
    add: (amount, ...values) => children.of(values).add(amount),
    with: (...values) => children.of(values),
  };
}

class PendingCount {
  #count = 0;

  add(amount: number): void {
    this.#count += amount;
  }

  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}

function createGauge(registry: Registry, { name, help, labels }: MetricOptions): Gauge {
  const observed = new Children<{ read: () => number }>(labels, () => ({ read: () => 0 }));
  const gauge = new PromGauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect() {
      for (const { labels: values, child } of observed.all.values()) this.set(values, child.read());
    },
  });
  const fixed = new Children(labels, (values) => (value: number) => gauge.set(values, value));
  return {
    set: (value, ...values) => fixed.of(values)(value),
    observe: (read, ...values) => {
      observed.of(values).read = read;
    },
  };
}

function createHistogram(
  registry: Registry,
  { name, help, labels, buckets }: MetricOptions & { readonly buckets: readonly number[] },
): Histogram {
  const histogram = new PromHistogram({ name, help, labelNames: labels, buckets: [...buckets], registers: [registry] });
  const children = new Children(labels, (values) => ({ record: (value: number) => histogram.observe(values, value) }));
  return {
    record: (value, ...values) => children.of(values).record(value),
    with: (...values) => children.of(values),
  };
}
