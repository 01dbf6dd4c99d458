import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '@parley/config';
import { clusterServices, planCluster, portsOf } from './cluster-plan.js';

const counts = { gateway: 2, user: 1, group: 1, room: 1, media: 1, push: 1, router: 2, history: 1 };
const apps = JSON.stringify([{ id: 'app', keys: [{ kid: 'k', alg: 'HS256', secret: 's'.repeat(32) }] }]);
const engines = { brokers: ['127.0.0.1:1'], contactPoints: ['127.0.0.1'], cassandraPort: 2 };
const ports = Array.from({ length: portsOf(counts) }, (_, index) => 10_000 + index);
const base = { counts, engines, apps, ports, partitions: 8, adminKey: 'k'.repeat(16), folder: '/data' };

describe('the plan of a cluster', () => {
  it('names every process, callers before those they call', () => {
    const names = planCluster(base).map(({ name }) => name);
    expect(names).toEqual([
      'gateway-1',
      'gateway-2',
      'user-1',
      'group-1',
      'room-1',
      'media-1',
      'push-1',
      'router-1',
      'router-2',
      'history-1',
    ]);
  });

  it('gives every process a configuration that it accepts, without a variable that sets nothing', () => {
    for (const { variables } of planCluster(base)) {
      const { config, unknownVariables } = loadConfig({ environment: variables, readFile: () => '' });
      expect(unknownVariables).toEqual([]);
      expect(config).toMatchObject({ mode: 'cluster', partitions: 8, kafka: { replicationFactor: 1 }, cassandra: { port: 2 } });
    }
  });

  it('gives no port twice and leaves none over', () => {
    const names = ['PARLEY_ADMIN_PORT', 'PARLEY_RPC_PORT', 'PARLEY_EDGE_PORT', 'PARLEY_MEDIA_PORT'];
    const used = planCluster(base).flatMap(({ variables }) => names.flatMap((name) => Number(variables[name] ?? []) || []));
    expect(used.sort()).toEqual(ports);
  });

  it('takes given ports for the clients', () => {
    const urls = planCluster({ ...base, edgePorts: [7700] }).flatMap(({ url }) => url ?? []);
    expect(urls[0]).toBe('ws://127.0.0.1:7700');
    expect(urls).toHaveLength(2);
  });

  it('lets further variables win, at every process', () => {
    const env = { PARLEY_DRAIN_MS: '1', PARLEY_EDGE_HOST: '127.0.0.2', PARLEY_PARTITIONS: '4' };
    for (const { variables } of planCluster({ ...base, env })) expect(variables).toMatchObject(env);
  });

  it('finds a built program for every service', () => {
    const scripts = planCluster(base).map(({ script }) => /services\/(\w+)\/dist\/main\.js$/.exec(script)?.[1]);
    expect(new Set(scripts)).toEqual(new Set(clusterServices));
  });

  it('says how many ports it lacks', () => {
    expect(() => planCluster({ ...base, ports: [] })).toThrow(`${ports.length} ports`);
  });
});
