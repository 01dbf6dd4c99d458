import { conversationOfUsers, limits, sleep, type UserId } from '@parley/kernel';
import { mediaLimits } from './limits.js';
import type { TimedFile } from './ports.js';
import type { FileDeps } from './rpc/owned-record.js';

/**
 * Deletes uploads that were begun and not completed in time, and files that are as old as messages of their app become, again and
 * again until the signal is aborted.
 */
export async function sweepFiles(deps: FileDeps, signal: AbortSignal): Promise<void> {
  const { clock, telemetry } = deps;
  while (!signal.aborted) {
    await sweepUploads(deps).catch((error: unknown) => telemetry.logger.warn('abandoned uploads could not be deleted', {}, error));
    await sweepOld(deps, signal).catch((error: unknown) => telemetry.logger.warn('old files could not be deleted', {}, error));
    await sleep(clock, mediaLimits.sweepEveryMs, signal).catch(() => {});
  }
}

async function sweepUploads({ store, serial, clock, events }: FileDeps): Promise<void> {
  for (const begun of await store.startedBefore(clock.now() - limits.uploadWithinMs)) {
    await serial.run(begun.media, async () => {
      const record = await store.record(begun);
      if (record?.isComplete === true) {
        await store.settle(record);
        return;
      }
      // Without a record it is what a crash has left of a beginning.
      await store.remove(record ?? { ...begun, createdMs: begun.timeMs });
      events.upload('abandoned');
    });
  }
}

async function sweepOld(deps: FileDeps, signal: AbortSignal): Promise<void> {
  const { store, clock, retentionMs } = deps;
  for (const [app, keptMs] of retentionMs) {
    for (;;) {
      const oldest = await store.keptBefore(app, clock.now() - keptMs);
      for (const file of oldest) {
        if (signal.aborted) return;
        await removeIfOld(deps, file, keptMs);
      }
      if (oldest.length < mediaLimits.keptPageMax) break;
    }
  }
}

/** What was shared since is as young as that; what users have for themselves, avatars among it, is no message and stays. */
async function removeIfOld({ store, serial, clock, events }: FileDeps, file: TimedFile, keptMs: number): Promise<void> {
  await serial.run(file.media, async () => {
    const record = await store.record(file);
    if (record?.conversations.includes(conversationOfUsers(record.owner as UserId, record.owner as UserId)) === true) {
      await store.moveKept(file, undefined);
      return;
    }
    const sharedMs = record?.sharedMs ?? 0;
    if (sharedMs > clock.now() - keptMs) {
      await store.moveKept(file, sharedMs);
      return;
    }
    if (record !== undefined) {
      await store.remove(record);
      events.removed('age', 1);
    }
    await store.moveKept(file, undefined);
  });
}
