import { describe, expect, it } from '@jest/globals';
import { addDetails } from './history-writes.js';
import { cassandraLimits } from './limits.js';
import { PartitionedWrites } from './partitioned-writes.js';

describe('rows of details', () => {
  it('of one space are written as one, with the mark that says up to where they are true', async () => {
    const writes = new PartitionedWrites();
    const space = 'm:g:team/0';
    const rows = Array.from({ length: 2 * cassandraLimits.batchRowsMax }, (_, i) => ({
      app: 'app',
      space,
      key: `s/${i}`,
      value: Buffer.from('x'),
    }));
    addDetails(writes, [{ app: 'app', space, key: 'v', value: Buffer.from('mark') }, ...rows], 1n);
    addDetails(writes, [{ app: 'app', space: 'user:ann', key: 'g:team', value: Buffer.from('x') }], 1n);
    const batches: number[] = [];
    await writes.write({ execute: async () => batches.push(1), batch: async (queries) => batches.push(queries.length) });
    expect(batches).toEqual([rows.length + 1, 1]);
  });
});
