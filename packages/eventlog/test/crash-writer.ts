import { writeSync } from 'node:fs';
import { systemClock } from '@parley/kernel';
import { openLmdbLog } from '../src/index.js';

/*
 * Appends until it is killed and prints every acknowledgement: partition, offset and text, a line each.
 * Arguments: directory of the log, a word that makes the texts of this run unique.
 */
const [path = '', run = ''] = process.argv.slice(2);
const partitions = 4;
const log = await openLmdbLog({ clock: systemClock, path });
await log.createTopics([
  { name: 'crash', partitions, kind: 'log' },
  { name: 'crash-compacted', partitions, kind: 'compacted' },
]);

async function appendForEver(appender: number): Promise<never> {
  const partition = appender % partitions;
  for (let count = 0; ; count += 1) {
    const text = `${run}/${appender}/${count}`;
    const value = new TextEncoder().encode(text);
    const [{ firstOffset }] = await Promise.all([
      log.append('crash', partition, [{ value }]),
      log.append('crash-compacted', partition, [{ key: `${appender}`, value }]),
    ]);
    // Synchronous: what was printed has left the process when it dies.
    writeSync(1, `${partition} ${firstOffset} ${text}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, (_, appender) => appendForEver(appender)));
