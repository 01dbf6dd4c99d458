import { describe, expect, it } from '@jest/globals';
import { clusterFileOf } from './cluster-file.js';
import { readMainOptions } from './main-options.js';
import { processTable } from './process-table.js';

describe('the command line of the cluster', () => {
  it('keeps its data in ./data/cluster and starts one of everything', () => {
    const { cluster, isHelp } = readMainOptions([]);
    expect(isHelp).toBe(false);
    expect(cluster).toMatchObject({ gateways: 1, routers: 1, partitions: 8, kafkaNodes: 1, cassandraNodes: 1 });
    expect(cluster.dataDir).toBe(`${process.cwd()}/data/cluster`);
  });

  it('takes what is given', () => {
    const { cluster } = readMainOptions(['--data', '/tmp/x', '--gateways=2', '--kafka-nodes', '3']);
    expect(cluster).toMatchObject({ dataDir: '/tmp/x', gateways: 2, kafkaNodes: 3 });
  });

  it.each([
    [['--gateways', '0'], '--gateways: expected 1 to 9, got "0"'],
    [['--partitions', 'many'], '--partitions: expected 1 to 1024, got "many"'],
    [['--cassandra-nodes', '2'], '--cassandra-nodes: expected 1 or 3, got "2"'],
    [['--speed', '9'], '--speed'],
  ])('refuses %j in words', (args, words) => {
    expect(() => readMainOptions(args)).toThrow(words);
  });
});

describe('what a cluster tells', () => {
  it('names processes in columns', () => {
    const table = processTable([
      { name: 'gateway-1', pid: 12, health: 'http://127.0.0.1:1/readyz' },
      { name: 'kafka', pid: undefined, health: '' },
    ]);
    expect(table).toBe('  process    pid  health\n  gateway-1   12  http://127.0.0.1:1/readyz\n  kafka        -\n');
  });

  it('writes down where and who it is', () => {
    const part = { kill: async () => {}, freeze: () => {}, thaw: () => {}, start: async () => {}, stop: async () => {}, output: '' };
    const file = clusterFileOf({
      ...{ kind: 'cluster', urls: ['ws://a', 'ws://b'], adminUrl: 'http://c', adminKey: 'key' },
      apps: [{ id: 'app', kid: 'kid', secret: 'secret' }],
      parts: [
        { ...part, name: 'router-1', pid: 7 },
        { ...part, name: 'kafka', pid: 8 },
      ],
      healthUrls: { 'router-1': 'http://c/readyz' },
      stop: async () => {},
      [Symbol.asyncDispose]: async () => {},
    });
    expect(file).toEqual({
      ...{ url: 'ws://a', urls: ['ws://a', 'ws://b'], adminUrl: 'http://c', adminKey: 'key' },
      ...{ app: 'app', kid: 'kid', secret: 'secret' },
      pids: { 'router-1': 7, kafka: 8 },
      health: { 'router-1': 'http://c/readyz' },
    });
  });
});
