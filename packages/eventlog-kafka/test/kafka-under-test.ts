import { afterAll, beforeAll, describe } from '@jest/globals';
import { engineAvailability, type KafkaCluster, type KafkaOptions, startKafka } from '@parley/engines';
import type { EventLog } from '@parley/eventlog';
import { randomId, systemClock, systemRandom } from '@parley/kernel';
import { type KafkaLogOptions, openKafkaLog } from '../src/index.js';

/** A started cluster and logs on it that do not see each other's topics. */
export interface KafkaUnderTest {
  readonly cluster: KafkaCluster;
  /** A log; with the prefix of another one it sees the same topics. */
  open(options?: Partial<KafkaLogOptions>): EventLog;
}

/** A prefix that nobody else has. */
export const newPrefix = (): string => `${randomId(systemRandom, 8)}.`;

/** A describe block with a real Kafka; skipped, with the reason on stderr, where none can be started. */
export function describeKafka(name: string, options: KafkaOptions, body: (kafka: KafkaUnderTest) => void): void {
  const { kafka: missing } = engineAvailability();
  if (missing.length > 0) {
    process.stderr.write(`${name}: skipped, ${missing.join('; ')}\n`);
    describe.skip(name, () => body(neverStarted));
    return;
  }
  describe(name, () => {
    let cluster: KafkaCluster | undefined;
    beforeAll(async () => {
      cluster = await startKafka({ onProgress: (line) => void process.stderr.write(`${line}\n`), ...options });
    }, 300_000);
    afterAll(() => cluster?.stop(), 30_000);
    const started = (): KafkaCluster => cluster ?? neverStarted.cluster;
    body({
      get cluster() {
        return started();
      },
      open: (more = {}) =>
        openKafkaLog({
          brokers: started().bootstrap,
          clientId: 'test',
          clock: systemClock,
          random: systemRandom,
          prefix: newPrefix(),
          sessionTimeoutMs: 2_000,
          ...more,
        }),
    });
  });
}

const neverStarted: KafkaUnderTest = {
  get cluster(): KafkaCluster {
    throw new Error('Kafka was not started');
  },
  open: () => {
    throw new Error('Kafka was not started');
  },
};
