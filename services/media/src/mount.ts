import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { MediaService } from '@parley/contracts/media';
import { publishProcess, type ServiceLife } from '@parley/runtime';
import type { Telemetry } from '@parley/telemetry';
import { openMediaServer } from './http/media-server.js';
import type { MediaStore } from './ports.js';
import { createMediaService } from './service.js';
import { DiskMediaStore } from './store/disk-media-store.js';
import { S3Client } from './store/s3-client.js';
import { S3MediaStore } from './store/s3-media-store.js';
import { keyFromFile } from './url-key.js';

/** Runs media in a process; answers the port of uploads and downloads. */
export async function mountMedia({ platform, supervise, onStop }: ServiceLife): Promise<{ readonly port: number }> {
  const { config, server, directory, address, peer, rules, clock, random, telemetry } = platform;
  const { host, dir, s3, publicUrl, userBytesPerDay } = config.media;
  const store: MediaStore = s3 === undefined ? new DiskMediaStore(dir) : new S3MediaStore(new S3Client(s3));
  const urlKey = config.media.urlKey ?? (await keyFromFile(join(dir, 'url.key'), random));
  let ownUrl = '';
  const service = createMediaService({
    ...{ store, urlKey, userBytesPerDay, clock, random, telemetry },
    publicUrl: () => publicUrl?.replace(/\/$/, '') ?? ownUrl,
    retentionMs: new Map(config.apps.map(({ id }) => [id, rules.rulesOf(id).retentionMs])),
  });
  if (s3 === undefined) watchDisk(dir, telemetry);
  const { serial, events } = service;
  const http = await openMediaServer({ store, urlKey, clock, telemetry, serial, events, host, port: config.media.port });
  ownUrl = `http://${isAny(host) ? '127.0.0.1' : host}:${http.port}`;
  // Whoever lets clients in from elsewhere wants them to send files, too.
  if (publicUrl === undefined && (isAny(host) || (isLocal(host) && !isLocal(config.edge.host)))) {
    telemetry.logger.warn('media.publicUrl is not set: only clients on this machine can upload and download', { url: ownUrl });
  }
  onStop('files', () => store[Symbol.asyncDispose]());
  onStop('uploads and downloads', () => http[Symbol.asyncDispose]());
  server.serve(MediaService, service.handlers);
  supervise('media', (signal) => service.run(signal));
  const others = directory.peersOf('media').filter((other) => other.address !== address);
  if (s3 === undefined && others.length > 0) {
    telemetry.logger.warn('another media process is known, and files lie in a folder: only one may serve it', { dir });
  }
  const withdraw = await publishProcess({ service: 'media', directory, address, peer, clock });
  onStop('media', async () => {
    await withdraw().catch((error: unknown) => telemetry.logger.warn('the media service could not take itself off the list', {}, error));
  });
  return { port: http.port };
}

/** Free room is asked for when metrics are read; NaN where the folder cannot be looked at. */
function watchDisk(dir: string, { metrics }: Telemetry): void {
  mkdirSync(dir, { recursive: true });
  metrics.gauge('parley_media_disk_free_bytes', 'Room left on the disk of files.').observe(() => {
    try {
      const { bavail, bsize } = statfsSync(dir);
      return bavail * bsize;
    } catch {
      return Number.NaN;
    }
  });
}

const isLocal = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '[::]';
