import { type Clock, type Random, randomId, sleep } from '@parley/kernel';
import type { Client } from 'cassandra-driver';
import { Lease } from './lease.js';
import type { SharedFacts } from './store-facts.js';

const tables = ['history_checkpoints', 'messages', 'conversations', 'members', 'conversations_of_user', 'sends', 'details'];

export interface WipeOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: SharedFacts;
  /** Pause before a table is emptied. */
  readonly wipeQuietMs: number;
  /** Resolves when what this process has under way has ended. */
  readonly settled: () => Promise<void>;
  /** Only end a wipe that was begun. */
  readonly isFinishing: boolean;
}

/**
 * Empties the tables of the history and begins a new epoch; all nodes must be up. First the flag is set, and only when
 * every process has seen it the tables are emptied; whoever reads a checkpoint meanwhile waits. When this process dies
 * on the way, the flag stays, and the next one that looks for a checkpoint or opens the store starts over.
 */
export async function wipeHistory({ client, clock, random, facts, wipeQuietMs, settled, isFinishing }: WipeOptions): Promise<void> {
  const before = await facts.fresh();
  const lease = await Lease.take(client, clock, { name: 'wipe', holder: randomId(random) });
  try {
    const now = await facts.fresh();
    // Somebody else has done it while we waited.
    if (now.epoch !== before.epoch || (isFinishing && !now.isWiping)) return;
    await facts.beginWipe();
    await settled();
    await sleep(clock, wipeQuietMs);
    for (const table of tables) {
      await lease.renew();
      await client.execute(`TRUNCATE ${table}`, [], { executionProfile: 'schema', isIdempotent: false });
    }
    await lease.renew();
    await facts.endWipe(randomId(random));
  } finally {
    await lease.release();
  }
}
