import { RequestRefused, type EdgeClient } from '../protocol/edge-client.js';
import { Samples } from '../measure/percentiles.js';
import type { FilledGroup } from './filled-group.js';
import type { BenchContext } from './workload.js';
import { sleep } from '@parley/kernel';

/** What searches took, by name of the metric, and what was wrong with their answers. */
export interface SearchTimes {
  readonly values: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

const warmSearches = 8;
/** Occurs in no message of the generator. */
const absentWord = 'zebra';

/** Searches the whole group for what is not there, first and then again, and for single messages. */
export async function measureSearches(context: BenchContext, clients: readonly EdgeClient[], group: FilledGroup): Promise<SearchTimes> {
  const { clock, meter } = context;
  const faults: string[] = [];
  let turn = 0;
  const timed = async (text: string, expected: number): Promise<number> => {
    const client = clients[turn++ % clients.length];
    if (client === undefined) throw new Error('nobody who searches');
    const startMs = clock.monotonic();
    const found = await search(context, client, { text, conversation: group.conversation });
    if (found !== expected) faults.push(`a search for ${text} found ${found} messages instead of ${expected}`);
    return clock.monotonic() - startMs;
  };
  const used = meter.start();
  const coldMs = await timed(absentWord, 0);
  const coldCpuMs = used().serverMs;
  const warm = new Samples();
  const single = new Samples();
  const usedWarm = meter.start();
  for (let n = 0; n < warmSearches; n++) warm.add(await timed(absentWord, 0));
  const warmCpuMs = usedWarm().serverMs / warmSearches;
  for (let n = 0; n < warmSearches; n++) single.add(await timed(group.wordOf(Math.floor((n * group.messages) / warmSearches)), 1));
  return {
    values: {
      'search, cold': coldMs,
      'search p50, warm': warm.spread().p50,
      'search max, warm': warm.spread().max,
      'search for one p50, warm': single.spread().p50,
      'server CPU per search, cold': coldCpuMs * 1000,
      'server CPU per search, warm': warmCpuMs * 1000,
    },
    faults,
  };
}

/** Reads a search to its end, and waits where the server says so. */
async function search(
  { clock }: BenchContext,
  client: EdgeClient,
  what: { readonly text: string; readonly conversation: string },
): Promise<number> {
  let found = 0;
  for (let page = ''; ; ) {
    try {
      const asked = client.request({ type: 'searchMessages', value: { search: what, page, limit: 50 } });
      client.flush();
      const body = await asked;
      if (body.type !== 'messageList') throw new Error(`a search was answered with ${body.type}`);
      found += body.value.events.length;
      page = body.value.nextPage;
      if (page === '') return found;
    } catch (error) {
      if (!(error instanceof RequestRefused) || error.retryAfterMs === 0) throw error;
      await sleep(clock, error.retryAfterMs);
    }
  }
}
