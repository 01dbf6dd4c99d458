import type { MachineFacts } from '../server/machine-facts.js';
import type { Summary } from './summary.js';
import { number, table } from './table.js';

export interface Report {
  readonly title: string;
  readonly facts: MachineFacts;
  readonly summary: Summary;
}

/** A run for the terminal. */
export function printedReport({ title, facts, summary }: Report): string {
  const { rows, cores, faults, invalid } = summary;
  const header = ['', 'median', 'unit', 'rounds', 'target', 'peers'];
  const lines = rows.map(({ metric, median, unit, rounds, target, isMet, peers }) => [
    metric,
    number(median),
    unit,
    rounds.map(number).join(' / '),
    target === undefined ? '' : `${target} ${isMet === true ? 'met' : 'MISSED'}`,
    peers ?? '',
  ]);
  const share = `cores used: server ${number(cores.server)}, generator ${number(cores.generator)}, others ${number(cores.others)} of ${facts.cores}`;
  return [
    `${title}  (Node ${facts.node}, ${facts.listener}, ${facts.cores} cores, commit ${facts.commit})`,
    table([header, ...lines]),
    share,
    ...faults.map((fault) => `FAULT ${fault}`),
    ...invalid.map((reason) => `INVALID ${reason}`),
    ...(cores.others > facts.cores / 4 ? ['Others kept this machine busy: latencies say little, CPU per operation a little more.'] : []),
    '',
  ].join('\n');
}
