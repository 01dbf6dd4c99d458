import type { CpuUse } from '../measure/process-meter.js';
import type { Spread } from '../measure/percentiles.js';
import type { RunResult } from './message-run.js';
import type { Round } from './workload.js';

/** Share of a core above which the generator may be what is being measured. */
const generatorShareMax = 0.85;
/** An open loop that sends later than this measures the generator's waiting, milliseconds. */
const lagP99MaxMs = 10;

/** Why a round says nothing about the server, judging by CPU alone. */
export function doubtsAbout({ generatorMs, wallMs }: CpuUse): readonly string[] {
  const share = generatorMs / wallMs;
  return share > generatorShareMax ? [`the generator used ${Math.round(share * 100)} % of a core`] : [];
}

/** Why a round says nothing about the server, judging by when an open loop sent. */
export const lagDoubts = (lag: Spread): readonly string[] =>
  lag.count > 0 && lag.p99 > lagP99MaxMs ? [`the generator sent late: p99 ${lag.p99.toFixed(1)} ms`] : [];

/** A round of messages with what every such workload reports, and values of its own. */
export function roundOf(run: RunResult, values: Readonly<Record<string, number>>): Round {
  const { cpu, ack, delivery, lag, acknowledged, activeMs, faults, troubles } = run;
  return {
    values: {
      ...values,
      'messages per second': (acknowledged * 1000) / activeMs,
      'acknowledged p50': ack.p50,
      'acknowledged p95': ack.p95,
      'acknowledged p99': ack.p99,
      'delivered p50': delivery.p50,
      'delivered p95': delivery.p95,
      'delivered p99': delivery.p99,
      'delivered max': delivery.max,
      ...(lag.count > 0 ? { 'generator lag p99': lag.p99 } : {}),
    },
    cpu,
    faults: [...faults, ...troubles],
    invalid: [...doubtsAbout(cpu), ...lagDoubts(lag)],
  };
}
