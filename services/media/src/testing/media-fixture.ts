import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock, systemRandom } from '@parley/kernel';
import { silentTelemetry } from '@parley/telemetry';
import { openMediaServer } from '../http/media-server.js';
import { createMediaService, type MediaService } from '../service.js';
import { DiskMediaStore } from '../store/disk-media-store.js';

export interface MediaFixture extends AsyncDisposable {
  readonly service: MediaService;
  readonly calls: MediaService['handlers'];
  /** What the server has logged as errors: somebody would have to act. */
  readonly faults: readonly string[];
  /** Lets time pass for URLs. */
  later(ms: number): void;
}

/** A media service on the local disk, with its server. */
export async function startMedia(): Promise<MediaFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-media-'));
  let passedMs = 0;
  const clock: Clock = {
    now: () => systemClock.now() + passedMs,
    monotonic: () => systemClock.monotonic(),
    setTimer: (ms, run) => systemClock.setTimer(ms, run),
  };
  let ownUrl = '';
  const store = new DiskMediaStore(folder);
  const faults: string[] = [];
  const logger = { ...silentTelemetry.logger, error: (message: string) => void faults.push(message) };
  const telemetry = { ...silentTelemetry, logger };
  const deps = { store, urlKey: 'k'.repeat(32), publicUrl: () => ownUrl, clock, random: systemRandom, telemetry };
  const service = createMediaService(deps);
  const http = await openMediaServer({ ...deps, serial: service.serial, host: '127.0.0.1', port: 0 });
  ownUrl = `http://127.0.0.1:${http.port}`;
  return {
    service,
    calls: service.handlers,
    faults,
    later: (ms) => {
      passedMs += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await http[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
