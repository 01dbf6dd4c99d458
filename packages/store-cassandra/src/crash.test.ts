import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type CassandraCluster, engineAvailability, startCassandra } from '@parley/engines';
import { systemClock, systemRandom } from '@parley/kernel';
import type { HistoryBatch, HistoryStore } from '@parley/store';
import { count, eventsBatch, seqsOf } from '@parley/store/contract';
import { openCassandraStores } from './open-cassandra-stores.js';

const missing = engineAvailability().cassandra;
if (missing.length > 0) console.warn(`skipping the crash tests on a real Cassandra: ${missing.join('; ')}`);
const describeWithCassandra = missing.length === 0 ? describe : describe.skip;
jest.setTimeout(300_000);

const rounds = process.env['PARLEY_TEST_SOAK'] === 'full' ? 10 : 2;
const partitions = [0, 1, 2, 3];
const batchSeqs = 50;
const conversationIn = (partition: number): string => `g:p${partition}`;

describeWithCassandra('a Cassandra that is killed while history is written', () => {
  let cluster: CassandraCluster;
  beforeAll(async () => {
    cluster = await startCassandra({ commitLogSync: 'batch' });
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  const open = (): ReturnType<typeof openCassandraStores> =>
    openCassandraStores({
      contactPoints: cluster.contactPoints,
      port: cluster.port,
      localDataCenter: cluster.localDataCenter,
      keyspace: 'crash',
      replicationFactor: 1,
      clock: systemClock,
      random: systemRandom,
      migrate: true,
    });

  it('loses nothing that a checkpoint covers, and goes on from there', async () => {
    for (let round = 1; round <= rounds; round++) {
      const stores = await open();
      let written: readonly Promise<number>[] = [];
      await Promise.all(
        partitions.map(
          (partition) =>
            new Promise<void>((onEnough) => {
              written = [...written, writeUntilFailure(stores.history, partition, onEnough)];
            }),
        ),
      );
      await cluster.kill(1);
      const acknowledged = await Promise.all(written);
      await stores.history[Symbol.asyncDispose]();
      await stores.push[Symbol.asyncDispose]();
      await cluster.restart(1);
      await expectNothingLost(acknowledged, round);
    }
  });

  /** Applies one batch after the other from the checkpoint on; resolves to the last seq that was acknowledged. */
  async function writeUntilFailure(history: HistoryStore, partition: number, onEnough: () => void): Promise<number> {
    let head = (await history.checkpoint(partition))?.position.offset ?? 0;
    for (let batches = 1; ; batches++) {
      try {
        await history.apply(partition, batchAfter(partition, head));
      } catch {
        return head;
      }
      head += batchSeqs;
      if (batches === 30) onEnough();
    }
  }

  async function expectNothingLost(acknowledged: readonly number[], round: number): Promise<void> {
    const { history, push } = await open();
    for (const [partition, head] of acknowledged.entries()) {
      const covered = (await history.checkpoint(partition))?.position.offset ?? 0;
      expect(head).toBeGreaterThanOrEqual(30 * batchSeqs * round);
      expect(covered).toBeGreaterThanOrEqual(head);
      const seqs: number[] = [];
      for (let from = 1; from <= covered; from += 1_000) {
        seqs.push(...(await seqsOf(history, conversationIn(partition), { from, limit: Math.min(1_000, covered - from + 1) })));
      }
      expect(seqs).toEqual(count(1, covered));
    }
    await history[Symbol.asyncDispose]();
    await push[Symbol.asyncDispose]();
  }
});

/** One record per seq: the record at offset n carries seq n + 1. */
const batchAfter = (partition: number, head: number): HistoryBatch =>
  eventsBatch(head + batchSeqs - 1, conversationIn(partition), head + 1, head + batchSeqs);
