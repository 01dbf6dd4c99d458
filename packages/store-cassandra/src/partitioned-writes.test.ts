import { describe, expect, it } from '@jest/globals';
import { cassandraLimits } from './limits.js';
import { PartitionedWrites, type WriteClient } from './partitioned-writes.js';

/** Remembers the rows of each write; fails the ones that it is told to. */
class RecordingClient implements WriteClient {
  readonly writes: number[] = [];
  inFlight = 0;
  inFlightMost = 0;
  failAt = Number.POSITIVE_INFINITY;

  async execute(): Promise<void> {
    await this.#write(1);
  }

  async batch(queries: readonly unknown[]): Promise<void> {
    await this.#write(queries.length);
  }

  async #write(rows: number): Promise<void> {
    this.writes.push(rows);
    const isFailing = this.writes.length === this.failAt;
    this.inFlight += 1;
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    this.inFlight -= 1;
    if (isFailing) throw new Error('no quorum');
  }
}

describe('PartitionedWrites', () => {
  it('writes the rows of a partition together, within bounds of rows and bytes', async () => {
    const client = new RecordingClient();
    const writes = new PartitionedWrites();
    for (let i = 0; i < cassandraLimits.batchRowsMax + 7; i++) writes.add('INSERT a', 'p', [i]);
    writes.add('INSERT a', 'q', [0]);
    writes.add('INSERT b', 'r', [0]);
    writes.add('DELETE b', 'r', [1]);
    for (let i = 0; i < 3; i++) writes.add('INSERT big', 's', [i], cassandraLimits.batchBytesMax / 2);
    await writes.write(client);
    expect(client.writes).toEqual([cassandraLimits.batchRowsMax, 7, 1, 2, 2, 1]);
  });

  it('writes rows that belong together as one mutation, and what goes beyond it one after the other', async () => {
    const client = new RecordingClient();
    const writes = new PartitionedWrites();
    writes.keepTogether('p');
    for (let i = 0; i < cassandraLimits.spaceRowsMax + 2; i++) writes.add('INSERT a', 'p', [i]);
    await writes.write(client);
    expect(client.writes).toEqual([cassandraLimits.spaceRowsMax, 2]);
    expect(client.inFlightMost).toBe(1);
  });

  it('writes nothing of what belongs together behind a part that has failed', async () => {
    const client = new RecordingClient();
    client.failAt = 2;
    const writes = new PartitionedWrites();
    writes.keepTogether('p');
    for (let i = 0; i < 9; i++) writes.add('INSERT big', 'p', [i], cassandraLimits.spaceBytesMax);
    await expect(writes.write(client)).rejects.toThrow('no quorum');
    expect(client.writes).toEqual([1, 1]);
  });

  it('has a bounded number of writes out', async () => {
    const client = new RecordingClient();
    const writes = new PartitionedWrites();
    for (let i = 0; i < 500; i++) writes.add('INSERT a', String(i), [i]);
    await writes.write(client);
    expect(client.writes).toHaveLength(500);
    expect(client.inFlightMost).toBe(cassandraLimits.writesInFlightMax);
  });

  it('stops at the first failure, tells of it, and leaves nothing running', async () => {
    const client = new RecordingClient();
    client.failAt = 10;
    const writes = new PartitionedWrites();
    for (let i = 0; i < 500; i++) writes.add('INSERT a', String(i), [i]);
    await expect(writes.write(client)).rejects.toThrow('no quorum');
    expect(client.writes.length).toBeLessThan(3 * cassandraLimits.writesInFlightMax);
    expect(client.inFlight).toBe(0);
  });
});
