import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock, systemRandom } from '@parley/kernel';
import { silentTelemetry } from '@parley/telemetry';
import { openMediaServer } from '../http/media-server.js';
import type { MediaKey, MediaStore } from '../ports.js';
import { createMediaService, type MediaService } from '../service.js';
import { DiskMediaStore } from '../store/disk-media-store.js';
import { names } from '../store/file-names.js';

/** What one user of the fixture may upload a day, bytes. */
export const userBytesPerDay = 200 * 1024 * 1024;
export const retentionMs = 30 * 24 * 3_600_000;

export interface MediaFixture extends AsyncDisposable {
  readonly service: MediaService;
  readonly calls: MediaService['handlers'];
  readonly store: MediaStore;
  /** What the server has logged as errors: somebody would have to act. */
  readonly faults: readonly string[];
  /** Lets time pass for URLs. */
  later(ms: number): void;
  /** Resolves when something is set to happen later: when the sweep has gone round. */
  whenAsleep(): Promise<void>;
  /** Deletes the record of a file, as if there had never been one. */
  loseRecord(key: MediaKey): Promise<void>;
}

/** A media service on the local disk, with its server; files of the app `shop` are kept for 30 days. */
export async function startMedia(): Promise<MediaFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
  let passedMs = 0;
  const waiting: (() => void)[] = [];
  const clock: Clock = {
    now: () => systemClock.now() + passedMs,
    monotonic: () => systemClock.monotonic(),
    setTimer: (ms, run) => {
      for (const wake of waiting.splice(0)) wake();
      return systemClock.setTimer(ms, run);
    },
  };
  let ownUrl = '';
  const store = new DiskMediaStore(folder);
  const faults: string[] = [];
  const logger = { ...silentTelemetry.logger, error: (message: string) => void faults.push(message) };
  const telemetry = { ...silentTelemetry, logger };
  const deps = { store, urlKey: 'k'.repeat(32), publicUrl: () => ownUrl, clock, random: systemRandom, telemetry };
  const service = createMediaService({ ...deps, userBytesPerDay, retentionMs: new Map([['shop', retentionMs]]) });
  const { serial, events } = service;
  const http = await openMediaServer({ ...deps, serial, events, host: '127.0.0.1', port: 0 });
  ownUrl = `http://127.0.0.1:${http.port}`;
  return {
    service,
    calls: service.handlers,
    store,
    faults,
    later: (ms) => {
      passedMs += ms;
    },
    whenAsleep: () => new Promise((resolve) => void waiting.push(resolve)),
    loseRecord: (key) => rm(join(folder, names.record(key))),
    [Symbol.asyncDispose]: async () => {
      await http[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
