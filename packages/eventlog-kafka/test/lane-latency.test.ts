import { expect, it } from '@jest/globals';
import type { EventLog } from '@parley/eventlog';
import { sleep, systemClock } from '@parley/kernel';
import { describeKafka } from './kafka-under-test.js';

const isFull = process.env['PARLEY_TEST_SOAK'] === 'full';
/**
 * What waits in LOW, and by how much draining it may stretch what HIGH takes. Short runs have few samples, on a machine that does
 * other things besides; behind LOW it would take as long as that is drained, a hundred times what it takes.
 */
const backlog = isFull ? 1_000_000 : 100_000;
const factorMax = isFull ? 1.5 : 15;
const rounds = isFull ? 4 : 2;
/** A machine that does something else at the same time may spoil a measurement; not this often. */
const attempts = 3;

const partitions = 4;
const batchRecords = 5_000;
const numbers = Array.from({ length: partitions }, (_, partition) => partition);

describeKafka('a backlog in LOW', {}, (kafka) => {
  it(`of ${backlog} records, while it is drained, stretches the slowest hundredth of HIGH at most ${factorMax} times`, async () => {
    await using log = kafka.open();
    await log.createTopics(['lane.high', 'lane.low'].map((name) => ({ name, kind: 'queue', partitions })));
    const batch = Array.from({ length: batchRecords }, () => ({ value: Buffer.alloc(24, 1) }));
    const fill = async (partition: number): Promise<void> => {
      for (let done = 0; done < backlog / partitions; done += batchRecords) await log.append('lane.low', partition, batch);
    };
    await Promise.all(numbers.map(fill));
    await using high = new RoundTrips(log);
    await high.until((trips) => trips >= 500); // warm
    const factors: number[] = [];
    while (factors.length < attempts && !factors.some((factor) => factor <= factorMax)) {
      factors.push(await measure(log, high));
    }
    expect(Math.min(...factors)).toBeLessThanOrEqual(factorMax);
  }, 600_000);
});

/** How many times longer the 99th percentile is while LOW is drained; phases alternate, so that both meet the same machine. */
async function measure(log: EventLog, high: RoundTrips): Promise<number> {
  const [quiet, loaded]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const drain = new Drain(log);
    loaded.push(...(await high.until(() => drain.isDone)));
    await drain.stop();
    const before = loaded.length - quiet.length;
    quiet.push(...(await high.until((trips) => trips >= before)));
  }
  const factor = percentile99(loaded) / percentile99(quiet);
  const [slow, fast] = [percentile99(loaded).toFixed(1), percentile99(quiet).toFixed(1)];
  process.stderr.write(`HIGH p99 ${slow} ms while LOW is drained, ${fast} ms else, ${loaded.length} round trips each\n`);
  return factor;
}

const percentile99 = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;

/** Follows all of LOW from its beginning to what is its end now. */
class Drain {
  readonly #stop = new AbortController();
  readonly #followers: readonly Promise<void>[];
  #drained = 0;

  constructor(log: EventLog) {
    this.#followers = numbers.map((partition) =>
      log.follow('lane.low', partition, {
        from: 0,
        signal: this.#stop.signal,
        onRecords: (records) => {
          this.#drained += records.length;
        },
      }),
    );
  }

  get isDone(): boolean {
    return this.#drained >= backlog;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#followers);
  }
}

/** From the append to the follower, one record after the other. */
class RoundTrips implements AsyncDisposable {
  readonly #log: EventLog;
  readonly #stop = new AbortController();
  readonly #followers: readonly Promise<void>[];
  #arrived: (text: string) => void = () => {};
  #sent = 0;

  constructor(log: EventLog) {
    this.#log = log;
    this.#followers = numbers.map((partition) =>
      log.follow('lane.high', partition, {
        from: 0,
        signal: this.#stop.signal,
        onRecords: (records) => {
          for (const { value } of records) this.#arrived(Buffer.from(value).toString());
        },
      }),
    );
  }

  /** How long each took until the condition held. */
  async until(isEnough: (trips: number) => boolean): Promise<readonly number[]> {
    const times: number[] = [];
    while (!isEnough(times.length)) {
      times.push(await this.#once());
      await sleep(systemClock, 1);
    }
    return times;
  }

  async #once(): Promise<number> {
    this.#sent += 1;
    const text = `high ${this.#sent}`;
    const startedAt = systemClock.monotonic();
    const came = new Promise<void>((resolve) => {
      this.#arrived = (seen) => seen === text && resolve();
    });
    await this.#log.append('lane.high', this.#sent % partitions, [{ value: Buffer.from(text) }]);
    await came;
    return systemClock.monotonic() - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#followers);
  }
}
