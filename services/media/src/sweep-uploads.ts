import { limits, sleep } from '@parley/kernel';
import { mediaLimits } from './limits.js';
import type { FileDeps } from './rpc/owned-record.js';

/** Deletes uploads that were begun and not completed in time, again and again until the signal is aborted. */
export async function sweepUploads(deps: FileDeps, signal: AbortSignal): Promise<void> {
  const { clock, telemetry } = deps;
  while (!signal.aborted) {
    await sweepOnce(deps).catch((error: unknown) => telemetry.logger.warn('abandoned uploads could not be deleted', {}, error));
    await sleep(clock, mediaLimits.sweepEveryMs, signal).catch(() => {});
  }
}

/** One round; answers how many went. */
async function sweepOnce({ store, serial, clock }: FileDeps): Promise<number> {
  let gone = 0;
  for (const key of await store.startedBefore(clock.now() - limits.uploadWithinMs)) {
    await serial.run(key.media, async () => {
      const record = await store.record(key);
      if (record?.isComplete === true) await store.settle(record);
      else if (record !== undefined) {
        await store.remove(record);
        gone++;
      }
    });
  }
  return gone;
}
