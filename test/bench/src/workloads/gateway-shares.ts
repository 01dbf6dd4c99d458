import { sumOf } from '../measure/prometheus-text.js';
import type { Round } from './workload.js';

/** What a gateway heard from the routers, whichever of its members it is for. */
const heardMetric = 'parley_gateway_deliveries_total';

/**
 * How often each gateway of a cluster heard each event: 1 when an event crosses to a gateway once, however many
 * members are connected there. Empty for servers without several gateways, or whose gateways do not count it.
 */
export function gatewayShares(counters: NonNullable<Round['counters']>, messages: number): Readonly<Record<string, number>> {
  const gateways = Object.entries(counters).filter(([name]) => name.startsWith('gateway'));
  const heard = gateways.flatMap(([name, grown]) => {
    const deliveries = sumOf(new Map(Object.entries(grown)), heardMetric);
    return deliveries === 0 ? [] : [[`events heard by ${name} per message`, deliveries / messages] as const];
  });
  return Object.fromEntries(heard);
}
