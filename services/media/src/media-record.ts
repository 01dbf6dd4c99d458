import type { MediaInit } from '@parley/contracts/media';
import type { MediaKind } from './limits.js';

/** What is kept beside a file, as JSON. */
export interface MediaRecord {
  /** Of this format. */
  readonly version: 1;
  readonly app: string;
  readonly media: string;
  readonly owner: string;
  /** Where it was uploaded to first, then where it was shared to. */
  readonly conversations: readonly string[];
  readonly kind: MediaKind;
  readonly name: string;
  /** As announced until the upload is complete, then as found. */
  readonly mimeType: string;
  readonly sizeBytes: number;
  /** Hexadecimal; as announced, or empty, until the upload is complete. */
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  readonly createdMs: number;
  /** When it was shared last; its age counts from then. Absent: never. */
  readonly sharedMs?: number;
  readonly isComplete: boolean;
}

/** As the contract tells it. */
export function mediaOf(record: MediaRecord): MediaInit {
  const { version: _, app: __, kind: ___, sharedMs: ____, ...media } = record;
  return media;
}
