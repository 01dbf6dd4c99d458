import type { Lane } from '@parley/lanes';
import { perLane } from '@parley/lanes';
import { type CommandResult, results } from './overload/ledger.js';
import type { ShedStage } from './partition/decide-send.js';
import type { Telemetry } from '@parley/telemetry';

/** What happens in a router, for operators. */
export interface RouterEvents {
  taken(lane: Lane, commands: number, waitedMs: number): void;
  /** What became of so many commands of a lane; for good. */
  decided(lane: Lane, result: CommandResult, commands: number): void;
  /** Transient messages were dropped because a stage was over its capacity. */
  shed(stage: ShedStage | 'fanout', lane: Lane, messages: number): void;
  committed(events: number, tookMs: number): void;
  undecidable(partition: number, cause: unknown): void;
  trimFailed(cause: unknown): void;
  takenOver(partition: number, fence: number): void;
  linkBroken(peer: string, reason: string): void;
  relayed(deliveries: number): void;
}

const milliseconds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000];

export function createRouterEvents({ metrics, logger }: Telemetry): RouterEvents {
  const commands = metrics.counter('parley_router_commands_total', 'Commands taken from the lanes', ['lane']);
  const delays = metrics.histogram('parley_router_lane_delay_ms', 'Time of a record in its lane queue', milliseconds, ['lane']);
  const decided = metrics.counter('parley_router_taken_total', 'What became of the commands taken from the lanes', ['level', 'result']);
  const shed = metrics.counter('parley_router_shed_total', 'Transient messages dropped for load', ['stage', 'level']);
  const stored = metrics.counter('parley_router_events_total', 'Events committed to the timeline').with();
  const appends = metrics.histogram('parley_router_append_ms', 'Time of a timeline append', milliseconds).with();
  const relays = metrics.counter('parley_router_relayed_total', 'Deliveries handed to other routers').with();
  const commandsOf = perLane((lane) => commands.with(lane));
  const delayOf = perLane((lane) => delays.with(lane));
  const decidedOf = perLane((lane) => Object.fromEntries(results.map((result) => [result, decided.with(lane, result)])));
  return {
    taken(lane, count, waitedMs) {
      commandsOf[lane].add(count);
      delayOf[lane].record(waitedMs);
    },
    decided: (lane, result, count) => decidedOf[lane][result]?.add(count),
    shed: (stage, lane, count) => shed.add(count, stage, lane),
    committed(count, tookMs) {
      stored.add(count);
      appends.record(tookMs);
    },
    undecidable: (partition, cause) => logger.error('a command could not be decided', { partition }, cause),
    trimFailed: (cause) => logger.warn('a lane could not be trimmed', {}, cause),
    takenOver: (partition, fence) => logger.debug('partition taken over', { partition, fence }),
    linkBroken: (peer, reason) => logger.warn('link broken', { peer, reason }),
    relayed: (count) => relays.add(count),
  };
}
