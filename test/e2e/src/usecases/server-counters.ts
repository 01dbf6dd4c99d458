import { type Counters, countersOf, increases, sumOf } from '@parley/test-bench/protocol';
import type { Cluster } from '@parley/test-cluster';
import type { Deployment } from '@parley/testkit';

/** What all processes of a deployment have counted since the watch began. */
export class ServerCounters {
  readonly #urls: readonly string[];
  readonly #before: readonly Counters[];

  private constructor(urls: readonly string[], before: readonly Counters[]) {
    this.#urls = urls;
    this.#before = before;
  }

  static async watch(deployment: Deployment): Promise<ServerCounters> {
    const urls = metricsUrls(deployment);
    return new ServerCounters(urls, await readAll(urls));
  }

  /** A function of metric and labels that every sample must have; answers the sum over all processes. */
  async read(): Promise<(metric: string, labels?: Readonly<Record<string, string>>) => number> {
    const grown = (await readAll(this.#urls)).map((after, index) => increases(this.#before[index] ?? new Map(), after));
    return (metric, labels = {}) => {
      const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
      const isWanted = (sample: string): boolean => wanted.every((label) => sample.includes(label));
      return grown.reduce((sum, counters) => sum + sumOf(counters, metric, isWanted), 0);
    };
  }
}

function metricsUrls(deployment: Deployment): readonly string[] {
  const health = Object.values((deployment as Partial<Cluster>).healthUrls ?? {});
  return health.length > 0 ? health.map((url) => new URL('/metrics', url).href) : [`${deployment.adminUrl}/metrics`];
}

const readAll = (urls: readonly string[]): Promise<readonly Counters[]> =>
  Promise.all(urls.map(async (url) => countersOf(await (await fetch(url)).text())));
