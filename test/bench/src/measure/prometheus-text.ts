import type { Counters } from '../chat/chat-server.js';

const sample = /^([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)/;

/** Reads the text format of Prometheus (prometheus.io, "Exposition formats"); comments and what is no number are left out. */
export function countersOf(text: string): Counters {
  const counters = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = sample.exec(line) ?? [];
    if (name !== undefined && Number.isFinite(Number(value))) counters.set(name, Number(value));
  }
  return counters;
}

/** Value of one label of a sample's name; undefined when it has none of that name. */
export const labelOf = (name: string, label: string): string | undefined => new RegExp(`[{,]${label}="([^"]*)"`).exec(name)?.[1];

/** What was added between two readings, samples that did not change left out. A process that began anew counts from 0. */
export function increases(before: Counters, after: Counters): Counters {
  const found = new Map<string, number>();
  for (const [name, value] of after) {
    const start = before.get(name) ?? 0;
    const increase = value >= start ? value - start : value;
    if (increase !== 0) found.set(name, increase);
  }
  return found;
}

/** The sum of all samples of a metric, whatever their labels, or of those whose labels `accepts` lets in. */
export function sumOf(counters: Counters, metric: string, accepts: (name: string) => boolean = () => true): number {
  let sum = 0;
  for (const [name, value] of counters) if ((name === metric || name.startsWith(`${metric}{`)) && accepts(name)) sum += value;
  return sum;
}
