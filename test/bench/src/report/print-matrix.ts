import type { BenchSettings } from '../workloads/workload.js';
import type { Summary } from './summary.js';
import { number, table } from './table.js';

interface MatrixEntry {
  readonly workload: string;
  readonly settings: BenchSettings;
  readonly summary: Summary;
}

/** Medians of one workload with several settings: a column for each run, named by what differs. */
export function printedMatrix(entries: readonly MatrixEntry[]): string {
  const [first] = entries;
  if (first === undefined) return '';
  const varied = (Object.keys(first.settings) as (keyof BenchSettings)[]).filter(
    (name) => new Set(entries.map(({ settings }) => settings[name])).size > 1,
  );
  const heads = varied.map((name) => [name, '', ...entries.map(({ settings }) => number(settings[name])), '']);
  const metrics = [...new Set(entries.flatMap(({ summary }) => summary.rows.map(({ metric }) => metric)))];
  const lines = metrics.map((metric) => {
    const rows = entries.map(({ summary }) => summary.rows.find((row) => row.metric === metric));
    return [
      metric,
      rows.find((row) => row !== undefined)?.unit ?? '',
      ...rows.map((row) => (row === undefined ? '' : number(row.median))),
      '',
    ];
  });
  return `${first.workload}, medians\n${table([...heads, ...lines])}\n`;
}
