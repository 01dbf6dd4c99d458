import { type Durability, durabilityText } from '../chat/chat-server.js';
import type { Ratio } from './ratios.js';
import type { Summary } from './summary.js';
import { number, table } from './table.js';

export interface Comparison {
  readonly durability: Durability;
  readonly summary: Summary;
  readonly peers: readonly {
    readonly name: string;
    readonly durability: Durability;
    readonly about: string;
    readonly summary: Summary;
    readonly ratios: readonly Ratio[];
  }[];
}

/** Medians of all servers side by side, each peer with how many times this server's value it has. */
export function printedComparison(title: string, { durability, summary, peers }: Comparison): string {
  const header = ['', 'unit', `parley ${durability}`, ...peers.flatMap(({ name, durability: its }) => [`${name} ${its}`, 'ratio'])];
  const lines = summary.rows.map(({ metric, unit, median }) => [
    metric,
    unit,
    number(median),
    ...peers.flatMap((peer) => {
      const row = peer.summary.rows.find((each) => each.metric === metric);
      const ratio = peer.ratios.find((each) => each.metric === metric);
      return [
        row === undefined ? '' : number(row.median),
        ratio !== undefined && Number.isFinite(ratio.ratio) ? `× ${number(ratio.ratio)}` : '',
      ];
    }),
  ]);
  // The table leaves its last column as it is.
  const padded = [header, ...lines].map((line) => [...line, '']);
  const classes = [...new Set([durability, ...peers.map((peer) => peer.durability)])].sort();
  return [
    `${title}, in turn with others`,
    table(padded),
    ...classes.map((each) => `${each}: acknowledged means ${durabilityText[each]}`),
    ...peers.map(({ name, about }) => `${name}: ${about}`),
    ...peers.flatMap(({ name, summary: { faults, invalid } }) => [
      ...faults.map((fault) => `${name}: ${fault}`),
      ...invalid.map((reason) => `${name}: INVALID ${reason}`),
    ]),
    '',
  ].join('\n');
}
