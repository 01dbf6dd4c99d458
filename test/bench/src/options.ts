import { parseArgs } from 'node:util';
import type { BenchSettings } from './workloads/workload.js';

/** What was asked for on the command line. */
export interface BenchOptions {
  readonly workload: string;
  /** One entry per run: every combination of what was given. The workload's own defaults fill the rest. */
  readonly settings: readonly Partial<BenchSettings>[];
  /** Names of other servers to measure in turn with this one. */
  readonly against: readonly string[];
  readonly repeat: number;
  /** File for the results in JSON. */
  readonly out: string | undefined;
  /** Folder for CPU profiles of the spawned server. */
  readonly profile: string | undefined;
  readonly main: string | undefined;
  readonly listener: string;
  /** Arguments for the spawned server's Node. */
  readonly nodeArguments: readonly string[];
  readonly dataParent: string | undefined;
  readonly attachFile: string | undefined;
  readonly isCluster: boolean;
  readonly url: string | undefined;
  readonly adminUrl: string | undefined;
  readonly pids: readonly number[];
  readonly app: string | undefined;
  readonly secret: string | undefined;
  readonly kid: string | undefined;
}

const numbers = {
  messages: 'messages',
  pairs: 'pairs',
  'in-flight': 'inFlight',
  rate: 'rate',
  seconds: 'seconds',
  groups: 'groups',
  rooms: 'rooms',
  members: 'members',
  connections: 'connections',
  concurrency: 'concurrency',
  bytes: 'textBytes',
  factor: 'factor',
  high: 'high',
  low: 'low',
  frozen: 'frozen',
  users: 'users',
  conversations: 'conversations',
  storm: 'storm',
  pages: 'pages',
  online: 'online',
  'room-rate': 'roomRate',
} as const satisfies Record<string, keyof BenchSettings>;

/** Settings of which several values may be given: all combinations are run. */
const lists: ReadonlySet<string> = new Set(['members', 'rate']);

const texts = [
  'against',
  'repeat',
  'out',
  'profile',
  'server',
  'listener',
  'node',
  'data',
  'url',
  'admin',
  'pids',
  'app',
  'secret',
  'kid',
  'demo',
  'cluster-file',
] as const;

/** Shown when nothing was asked for. */
export const usage = `npm run bench -- <workload> [options]
  direct   messages between pairs: --pairs 100 --in-flight 16 --messages 100000, or --rate 1000 --seconds 20
  group    --groups 100 --members 20 --rate 1000 --seconds 10
  room     --members 3000 --rate 50 --seconds 10; --members 3000,10000 --rate 1,10,50 runs every combination
  overload more than the server holds, with priorities: --rooms 10 --members 200 --seconds 60 --factor 3 --high 5 --low 60
           finds out what it holds, or takes --rate; --room-rate <messages per second that a room takes>, 0 for the default
  slow-readers  a room some of whose members stop reading: --members 1000 --frozen 5 --rate 100 --seconds 30 --bytes 2000
  idle     --connections 10000 --seconds 20
  login    --connections 5000 --concurrency 64
  sync     users with long lists come back: --users 40 --conversations 1000; --storm 10000 --conversations 20 --seconds 4 --rate 20
           lets so many come back at once, while a pair chats
  history  pages and searches while messages are written: --rate 200 --pages 200 --messages 10000 --seconds 8
  large-group  groups of 1/500, 1/50 and all of so many members: --members 100000 --online 200 --rate 20 --seconds 5
  all      every one of them
Other servers in turn with this one (room, overload, slow-readers): --against socket.io,nats,nats-jetstream,ejabberd or all
Options: --repeat 3 --bytes 200 --out results.json --profile <folder> --listener auto|uws|ws --data <folder>
  --node='<arguments of Node>' --server <main.js>
A running server: --url ws://… --pids 1,2 --app … --secret … --kid … [--admin http://…], or --demo <demo.json> --pids …
A cluster: --cluster --cluster-file <summary of npm run cluster>`;

/** Reads the command line. Throws an Error in words for what it does not know. */
export function readOptions(args: readonly string[]): BenchOptions {
  const names = [...Object.keys(numbers), ...texts];
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    cluster: { type: 'boolean' as const },
  };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const text = (name: (typeof texts)[number]): string | undefined => (values as Readonly<Record<string, string | undefined>>)[name];
  const given = Object.entries(numbers).flatMap(([name, setting]) => {
    const value = (values as Readonly<Record<string, string | undefined>>)[name];
    return value === undefined ? [] : [[setting, numbersOf(name, value)] as const];
  });
  return {
    workload: positionals[0] ?? '',
    settings: combinations(given),
    against: (text('against') ?? '').split(',').filter(Boolean),
    repeat: wholeNumber('repeat', text('repeat') ?? '3'),
    out: text('out'),
    profile: text('profile'),
    main: text('server'),
    listener: text('listener') ?? 'auto',
    nodeArguments: (text('node') ?? '').split(' ').filter(Boolean),
    dataParent: text('data'),
    attachFile: text('cluster-file') ?? text('demo'),
    isCluster: (values as Readonly<Record<string, unknown>>)['cluster'] === true,
    url: text('url'),
    adminUrl: text('admin'),
    pids: (text('pids') ?? '').split(',').filter(Boolean).map(Number),
    app: text('app'),
    secret: text('secret'),
    kid: text('kid'),
  };
}

function numbersOf(name: string, text: string): readonly number[] {
  return (lists.has(name) ? text.split(',') : [text]).map((each) => wholeNumber(name, each));
}

/** One object per combination of the values, the first setting changing slowest. */
function combinations(given: readonly (readonly [string, readonly number[]])[]): readonly Partial<BenchSettings>[] {
  return given.reduce<readonly Partial<BenchSettings>[]>(
    (found, [setting, values]) => found.flatMap((each) => values.map((value) => ({ ...each, [setting]: value }))),
    [{}],
  );
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${name}: expected a whole number, found ${text}`);
  return Number(text);
}
