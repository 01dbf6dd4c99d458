import { countersOf, increases, sumOf } from '@parley/test-bench/protocol';
import type { Cluster } from '@parley/test-cluster';
import type { DeployedPart } from '@parley/testkit';

const answerWithinMs = 20_000;

/** The process of a service that counted most while something was done: the owner of what it was done to. */
export async function busiestPart(
  { parts, healthUrls }: Pick<Cluster, 'parts' | 'healthUrls'>,
  { service, metric }: { readonly service: string; readonly metric: string },
  act: () => Promise<void>,
): Promise<DeployedPart> {
  const candidates = parts.filter(({ name }) => name.startsWith(`${service}-`));
  const read = async ({ name }: DeployedPart) => {
    const url = new URL('/metrics', healthUrls[name]);
    return countersOf(await (await fetch(url, { signal: AbortSignal.timeout(answerWithinMs) })).text());
  };
  const before = await Promise.all(candidates.map(read));
  await act();
  const after = await Promise.all(candidates.map(read));
  const grown = after.map((counters, index) => sumOf(increases(before[index] ?? new Map(), counters), metric));
  const busiest = candidates[grown.indexOf(Math.max(...grown))];
  if (busiest === undefined) throw new Error(`no process of ${service}`);
  return busiest;
}
