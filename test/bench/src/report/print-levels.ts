import type { LevelRow } from '../measure/level-row.js';
import { number, table } from './table.js';

/** What became of the messages of each level in one round. */
export function printedLevels(rows: readonly LevelRow[]): string {
  const header = [
    '',
    'offered',
    'accepted',
    'unanswered',
    'due',
    'delivered',
    'shed',
    'pending',
    'lost',
    'ack p50',
    'p99',
    'max',
    'last p50',
    'p99',
    'max',
  ];
  const lines = rows.map(({ level, offered, accepted, unanswered, due, delivered, shed, pending, lost, ack, last, refused }) => [
    level,
    ...[offered, accepted, unanswered, due, delivered, shed, pending, lost].map(count),
    ...[ack.p50, ack.p99, ack.max, last.p50, last.p99, last.max].map(number),
    Object.entries(refused)
      .map(([name, times]) => `${name} ${count(times)}`)
      .join(', '),
  ]);
  return table([[...header, 'refused'], ...lines]);
}

const count = (value: number): string => value.toLocaleString('en').replaceAll(',', ' ');
