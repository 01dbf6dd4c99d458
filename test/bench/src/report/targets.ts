/** What a value should be, and what others reach with the same generator's workload on two cores. */
export interface Target {
  readonly metric: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly peers?: string;
  /** Whether the target holds for the settings of the run. */
  readonly when?: (run: TargetScope) => boolean;
}

export interface TargetScope {
  readonly rate: number;
  readonly isCluster: boolean;
}

/** Units by the metric's name. */
const units: Readonly<Record<string, string>> = {
  'server CPU per message': 'µs',
  'server CPU per delivery': 'µs',
  'server CPU per login': 'µs',
  'server CPU per 1000 connections': 'ms/s',
  'messages per second': '1/s',
  'deliveries per second': '1/s',
  'logins per second': '1/s',
  'resident per connection': 'KiB',
  'kernel slab per connection': 'KiB',
  'server resident before': 'MiB',
  'server resident after': 'MiB',
  'memory per frozen reader': 'KiB',
  'p99 with frozen over without': '×',
  'made per 1000 members': 'ms',
};

/** Other names begin or end with what they count in; latencies are what is left. */
const unitsByBeginning: readonly (readonly [string, string])[] = [
  ['server CPU per ', 'µs'],
  ['CPU ', '×'],
  ['answer bytes', 'B'],
  ['pages, ', ''],
];
const unitsByEnding: readonly (readonly [string, string])[] = [
  [' share', '%'],
  [' per second', '1/s'],
  [' per message', ''],
];

export const unitOf = (metric: string): string =>
  units[metric] ??
  unitsByBeginning.find(([beginning]) => metric.startsWith(beginning))?.[1] ??
  unitsByEnding.find(([ending]) => metric.endsWith(ending))?.[1] ??
  'ms';

const saturated = ({ rate, isCluster }: TargetScope): boolean => rate === 0 && !isCluster;
const embedded = ({ isCluster }: TargetScope): boolean => !isCluster;

/** By workload. The numbers are promised in docs/PERFORMANCE.md; peers store to disk before they acknowledge, or say otherwise. */
const targets: Readonly<Record<string, readonly Target[]>> = {
  direct: [
    {
      metric: 'server CPU per message',
      atMost: 25,
      peers: 'WuKongIM 408, ejabberd+PostgreSQL 754, Centrifugo+PostgreSQL 867, Tinode 976; in memory: Centrifugo 16, Socket.IO 27',
      when: saturated,
    },
    {
      metric: 'server CPU per message',
      atMost: 250,
      peers: 'NATS, sync always: 90 at 4 700/s',
      when: (run) => embedded(run) && run.rate > 0,
    },
    { metric: 'delivered p99', atMost: 15, when: (run) => embedded(run) && run.rate > 0 },
    {
      metric: 'messages per second',
      atLeast: 8_000,
      peers: 'OpenIM publishes 5 300 µs per message',
      when: (run) => run.isCluster && run.rate === 0,
    },
    { metric: 'delivered p99', atMost: 50, when: (run) => run.isCluster && run.rate > 0 },
  ],
  group: [
    { metric: 'server CPU per delivery', atMost: 7, peers: 'NATS, Socket.IO, Centrifugo 13–16, WuKongIM 28, ejabberd 128', when: embedded },
  ],
  room: [
    {
      metric: 'server CPU per delivery',
      atMost: 1.5,
      peers: 'NATS, Socket.IO, Centrifugo 13–16, WuKongIM 28, ejabberd 128',
      when: (run) => embedded(run) && run.rate >= 50,
    },
    { metric: 'delivered p99', atMost: 100 },
  ],
  overload: [
    { metric: 'high accepted share', atLeast: 100 },
    { metric: 'high delivered share', atLeast: 100 },
    { metric: 'high last member p99', atMost: 200, when: embedded },
  ],
  'slow-readers': [{ metric: 'p99 with frozen over without', atMost: 1.2 }],
  idle: [{ metric: 'resident per connection', atMost: 4, peers: 'WuKongIM 8.6, Socket.IO 15, Centrifugo 45, ejabberd 62', when: embedded }],
  login: [
    {
      metric: 'server CPU per login',
      atMost: 150,
      peers: 'NATS 174 (no session), Centrifugo 192, Socket.IO 372, ejabberd 1 156',
      when: embedded,
    },
  ],
};

/** The target of a metric in a run, if there is one. */
export const targetOf = (workload: string, metric: string, scope: TargetScope): Target | undefined =>
  targets[workload]?.find((target) => target.metric === metric && (target.when?.(scope) ?? true));
