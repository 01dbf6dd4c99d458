import { describe, expect, it } from '@jest/globals';
import { topics } from '@parley/contracts/topics';
import { defaultRules } from '@parley/domain';
import { createMemoryLog } from '@parley/eventlog';
import { seededRandom, systemClock } from '@parley/kernel';
import { createMemoryDirectory } from '@parley/rpc';
import { createMemoryHistoryStore } from '@parley/store';
import { silentTelemetry } from '@parley/telemetry';
import { createHistoryEvents } from '../events.js';
import { Progress } from '../progress.js';
import { PartitionProjector } from './partition-projector.js';

async function open() {
  const [clock, random, telemetry] = [systemClock, seededRandom(5), silentTelemetry];
  const log = createMemoryLog({ clock });
  await log.createTopics([{ name: topics.timeline, partitions: 1, kind: 'log' }]);
  const place = { directory: createMemoryDirectory(), address: 'local', peer: 'history', partitions: 1 };
  const store = createMemoryHistoryStore({ clock, random });
  const deps = { log, store, clock, random, telemetry, ...place, rules: { rulesOf: () => defaultRules } };
  return { deps, log, store, projector: new PartitionProjector(0, deps, createHistoryEvents(telemetry)) };
}

describe('a projector', () => {
  it('writes nothing once it has ended: what it remembers may be old by then', async () => {
    const { store, projector } = await open();
    const row = { app: 'app', space: 'any', key: 'k', value: Buffer.from('x') };
    const amend = () => projector.amend(async () => ({ events: [], conversations: [], details: [row] }));
    await amend();
    expect(await store.detail(row)).toEqual(row.value);
    await projector.run(AbortSignal.abort());
    await store.amend(0, { events: [], conversations: [], details: [{ ...row, value: Buffer.from('') }] });
    await amend();
    expect(await store.detail(row)).toBeUndefined();
  });

  it('does not begin in the middle of the log, and says what has to be done', async () => {
    const { log, projector } = await open();
    await projector.start();
    await log.append(topics.timeline, 0, [{ value: Buffer.from('long ago') }]);
    await log.trim(topics.timeline, 0, 1);
    await expect(projector.start()).rejects.toThrow(/timeline begins at 1: restore a backup/);
  });

  it('remembers nobody who need not wait for it', async () => {
    const { deps, projector } = await open();
    let waiting = 0;
    projector.progressed = async () => void waiting++;
    const progress = new Progress(deps, new Map([[0, projector]]));
    await progress.until(projector, () => true);
    expect(waiting).toBe(0);
  });
});
