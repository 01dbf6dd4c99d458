import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CassandraCluster, engineAvailability, type KafkaCluster, startCassandra, startKafka } from './index.js';

const missing = engineAvailability();

/** A describe block that says why it is skipped. */
const describeWith = (reasons: readonly string[]): typeof describe | typeof describe.skip => {
  if (reasons.length > 0) process.stderr.write(`engines: skipped, ${reasons.join('; ')}\n`);
  return reasons.length > 0 ? describe.skip : describe;
};

const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
const firstUseMs = 300_000;

/** Whether a process with this id exists. */
const exists = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

const accepts = (address: string): Promise<boolean> =>
  new Promise((resolve) => {
    const [host = '', port] = address.split(':');
    const socket = connect({ host, port: Number(port) });
    const done = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', done(true)).once('error', done(false));
  });

describeWith(missing.kafka)('a Kafka node', () => {
  let kafka: KafkaCluster;
  beforeAll(async () => {
    kafka = await startKafka({ onProgress });
  }, firstUseMs);
  afterAll(() => kafka?.stop());

  it('is gone after a kill and comes back on the same port', async () => {
    const [address = ''] = kafka.bootstrap;
    const first = kafka.pid(1);
    await kafka.kill(1);
    expect(exists(first)).toBe(false);
    expect(await accepts(address)).toBe(false);
    await kafka.restart(1);
    expect(await accepts(address)).toBe(true);
    expect(kafka.pid(1)).not.toBe(first);
    expect(kafka.logs(1)).toContain('Kafka Server started');
  }, 120_000);

  it('has no node 2', () => {
    expect(() => kafka.pid(2)).toThrow(RangeError);
  });
});

describeWith(missing.cassandra)('a Cassandra node', () => {
  let cassandra: CassandraCluster;
  beforeAll(async () => {
    cassandra = await startCassandra({ onProgress });
  }, firstUseMs);
  afterAll(() => cassandra?.stop());

  it('is gone after a kill and comes back on the same port', async () => {
    const [address = ''] = cassandra.contactPoints;
    const first = cassandra.pid(1);
    await cassandra.kill(1);
    expect(exists(first)).toBe(false);
    expect(await accepts(address)).toBe(false);
    await cassandra.restart(1);
    expect(await accepts(address)).toBe(true);
    expect(cassandra.pid(1)).not.toBe(first);
  }, 120_000);
});
