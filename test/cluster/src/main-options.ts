import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ClusterOptions } from './start-cluster.js';

/** What `npm run cluster -- …` was asked for. */
export interface MainOptions {
  readonly isHelp: boolean;
  readonly cluster: ClusterOptions & { readonly dataDir: string; readonly gateways: number };
}

export const helpText = `npm run cluster [-- options]: Kafka, Cassandra and every service as a process of its own

  --data <folder>          where everything is kept between runs   (./data/cluster)
  --gateways <n>           processes of the gateway                (1)
  --routers <n>            processes of the router                 (1)
  --partitions <n>         of every topic; fixed once there is data (8)
  --kafka-nodes <1|3>      brokers                                 (1)
  --cassandra-nodes <1|3>  nodes                                   (1)
  --help
`;

const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;

/** Reads the command line. Throws an Error in words for what it cannot mean. */
export function readMainOptions(args: readonly string[]): MainOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: text('./data/cluster'),
      gateways: text('1'),
      routers: text('1'),
      partitions: text('8'),
      'kafka-nodes': text('1'),
      'cassandra-nodes': text('1'),
      help: { type: 'boolean', default: false },
    },
  });
  return {
    isHelp: values.help,
    cluster: {
      dataDir: resolve(values.data),
      gateways: count('gateways', values.gateways, 9),
      routers: count('routers', values.routers, 9),
      partitions: count('partitions', values.partitions, 1_024),
      kafkaNodes: oneOrThree('kafka-nodes', values['kafka-nodes']),
      cassandraNodes: oneOrThree('cassandra-nodes', values['cassandra-nodes']),
    },
  };
}

function count(name: string, value: string, max: number): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > max) throw new Error(`--${name}: expected 1 to ${max}, got "${value}"`);
  return number;
}

function oneOrThree(name: string, value: string): 1 | 3 {
  if (value === '1') return 1;
  if (value === '3') return 3;
  throw new Error(`--${name}: expected 1 or 3, got "${value}"`);
}
