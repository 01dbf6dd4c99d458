import { type Clock, ParleyError } from '@parley/kernel';
import type { Telemetry } from '@parley/telemetry';

/** What becomes of an upload. */
type UploadResult = 'begun' | 'complete' | 'refused' | 'cancelled' | 'abandoned';

/** What happens to files, for operators. */
export interface MediaEvents {
  /** Something has become of an upload. */
  upload(result: UploadResult): void;
  /** So many bytes have come. */
  took(bytes: number): void;
  /** So many bytes are being given out. */
  gave(bytes: number): void;
  /** So many complete files are gone: because of their age, or because somebody wanted it. */
  removed(why: 'age' | 'wish', files: number): void;
  /** A request failed. Where the store of files is to blame, somebody has to look after the disk or the bucket. */
  failed(error: unknown): void;
}

/** While the store fails that is logged so often, milliseconds. */
const logEveryMs = 60_000;

export function createMediaEvents({ metrics, logger }: Telemetry, clock: Clock): MediaEvents {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const uploads = metrics.counter('parley_media_uploads_total', 'Uploads by what became of them.', ['result']);
  const bytes = metrics.counter('parley_media_bytes_total', 'Bytes of files that came and went.', ['direction']);
  const [bytesIn, bytesOut] = [bytes.with('in'), bytes.with('out')];
  const removals = metrics.counter('parley_media_removed_total', 'Complete files that were removed.', ['why']);
  const faults = metrics.counter('parley_media_store_faults_total', 'Calls that the disk or the bucket did not answer.').with();
  return {
    upload: (result) => uploads.add(1, result),
    took: (count) => bytesIn.add(count),
    gave: (count) => bytesOut.add(count),
    removed: (why, files) => removals.add(files, why),
    failed(error) {
      // What clients have broken off has no cause.
      if (!(error instanceof ParleyError) || error.error !== 'UNAVAILABLE' || error.cause === undefined) return;
      faults.add(1);
      if (clock.monotonic() - loggedAt < logEveryMs) return;
      loggedAt = clock.monotonic();
      logger.error('the store of files fails', { detail: error.detail }, error);
    },
  };
}
