import type { Clock, Random } from '@parley/kernel';
import { randomId } from '@parley/kernel';
import type { Client } from 'cassandra-driver';
import { storeName } from './history-statements.js';
import { cassandraLimits } from './limits.js';

/** What the processes that share a keyspace agree on. */
export interface StoreFacts {
  readonly epoch: string;
  /** Partition key of the epoch's checkpoints: one that is written late, after a wipe, is nobody's. */
  readonly checkpointStore: string;
  /** Tables are being emptied, or whoever did that has died. */
  readonly isWiping: boolean;
}

const read = { prepare: true, isIdempotent: true, executionProfile: 'schema' } as const;
const change = { ...read, isIdempotent: false } as const;

/** The facts as they lie in the keyspace; asked for again when they are older than `epochCachedMs`. */
export class SharedFacts {
  readonly #client: Client;
  readonly #clock: Clock;
  #facts: StoreFacts;
  #askedMs: number;
  #asking: Promise<StoreFacts> | undefined;

  private constructor(client: Client, clock: Clock, { facts, askedMs }: { readonly facts: StoreFacts; readonly askedMs: number }) {
    this.#client = client;
    this.#clock = clock;
    this.#facts = facts;
    this.#askedMs = askedMs;
  }

  /** Reads the facts; makes an epoch when there is none: of two that open a new keyspace, both learn the same one. */
  static async open(client: Client, clock: Clock, random: Random): Promise<SharedFacts> {
    const askedMs = clock.monotonic();
    const facts = (await readFacts(client)) ?? (await makeFacts(client, random));
    return new SharedFacts(client, clock, { facts, askedMs });
  }

  /** As they were at most `epochCachedMs` ago. */
  async current(): Promise<StoreFacts> {
    if (this.#clock.monotonic() - this.#askedMs <= cassandraLimits.epochCachedMs) return this.#facts;
    this.#asking ??= this.fresh().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** As they are now. */
  async fresh(): Promise<StoreFacts> {
    const askedMs = this.#clock.monotonic();
    const facts = await readFacts(this.#client);
    if (facts === undefined) throw new Error('the keyspace has no epoch');
    if (askedMs >= this.#askedMs) {
      this.#facts = facts;
      this.#askedMs = askedMs;
    }
    return facts;
  }

  /** From now on nobody applies anything, until `endWipe`. */
  async beginWipe(): Promise<void> {
    await this.#client.execute("UPDATE store_facts SET is_wiping = true WHERE name = 'epoch' IF EXISTS", [], change);
    await this.fresh();
  }

  /** Begins a new epoch. */
  async endWipe(epoch: string): Promise<void> {
    const end = "UPDATE store_facts SET value = ?, checkpoint_store = ?, is_wiping = false WHERE name = 'epoch' IF is_wiping = true";
    await this.#client.execute(end, [epoch, epoch], change);
    await this.fresh();
  }
}

async function readFacts(client: Client): Promise<StoreFacts | undefined> {
  const query = "SELECT value, checkpoint_store, is_wiping FROM store_facts WHERE name = 'epoch'";
  const row = (await client.execute(query, [], read)).first();
  const epoch: unknown = row?.get('value');
  if (row === null || typeof epoch !== 'string') return undefined;
  return { epoch, checkpointStore: row.get('checkpoint_store') ?? storeName, isWiping: row.get('is_wiping') === true };
}

/** A lightweight transaction, once in the life of a keyspace. */
async function makeFacts(client: Client, random: Random): Promise<StoreFacts> {
  await client.execute("INSERT INTO store_facts (name, value) VALUES ('epoch', ?) IF NOT EXISTS", [randomId(random)], change);
  const facts = await readFacts(client);
  if (facts === undefined) throw new Error('the keyspace has no epoch');
  return facts;
}
