import type { Metrics } from '@parley/telemetry';

interface CountsUp {
  add(amount: number): void;
}

/** What operators see of a service's commands. */
export interface AggregateMetrics {
  readonly changed: CountsUp;
  readonly unchanged: CountsUp;
  readonly refused: CountsUp;
  readonly overloaded: CountsUp;
  /** Answers that were given without waiting for the router any longer. */
  readonly unsettled: CountsUp;
}

export function createAggregateMetrics(metrics: Metrics, service: string, pendingForwards: () => number): AggregateMetrics {
  const commands = metrics.counter(`parley_${service}_commands_total`, 'Commands by result', ['result']);
  const pending = metrics.gauge(`parley_${service}_pending_forwards`, 'Membership changes that no router has confirmed');
  pending.observe(pendingForwards);
  return {
    changed: commands.with('changed'),
    unchanged: commands.with('unchanged'),
    refused: commands.with('refused'),
    overloaded: commands.with('overloaded'),
    unsettled: metrics.counter(`parley_${service}_unsettled_total`, 'Commands answered before the router had answered').with(),
  };
}
