import { decodeSnapshotPointer } from '@parley/contracts/events';
import { topics } from '@parley/contracts/topics';
import type { StoredRecord } from '@parley/eventlog';
import type { OwnedLogDeps, OwnedPosition } from './api.js';
import type { PartitionName } from './errors.js';
import { untilDone } from './retry.js';

/** Where the newest complete snapshots start. */
export interface SnapshotPointers {
  /** Position before the first part; undefined when no snapshot was ever completed. */
  newest(source: PartitionName, signal: AbortSignal): Promise<OwnedPosition | undefined>;
}

/** Key of a partition's pointer in the topic `cluster.snapshots`. */
export const snapshotKey = ({ topic, partition }: PartitionName): string => `${topic}/${partition}`;

const pointerTopic: PartitionName = { topic: topics.snapshots, partition: 0 };

/** Reads the pointer topic once and what was added to it before each answer. */
export function createSnapshotPointers(deps: OwnedLogDeps): SnapshotPointers {
  const newest = new Map<string, OwnedPosition>();
  let next = 0;
  let reading: Promise<void> = Promise.resolve();

  const keep = ({ key, value, offset }: StoredRecord): void => {
    const pointer = readPointer(value);
    if (pointer === undefined) {
      deps.telemetry?.logger.warn('snapshot pointer left out: not to be understood', { ...pointerTopic, offset });
      return;
    }
    const known = newest.get(key);
    // The furthest one, not the last one: a late writer may have added an older one.
    if (known === undefined || known.offset < pointer.offset) newest.set(key, pointer);
  };

  const readOn = async (signal: AbortSignal): Promise<void> => {
    const { topic, partition } = pointerTopic;
    const range = await untilDone(deps, pointerTopic, signal, () => deps.log.range(topic, partition));
    next = Math.max(next, range.start);
    while (next < range.end) {
      const records = await untilDone(deps, pointerTopic, signal, () => deps.log.read(topic, partition, next));
      for (const record of records) {
        keep(record);
        next = record.offset + 1;
      }
      if (records.length === 0) break;
    }
  };

  return {
    newest: async (source, signal) => {
      // One after the other; a read that failed must not fail the ones behind it.
      reading = reading.then(
        () => readOn(signal),
        () => readOn(signal),
      );
      await reading;
      return newest.get(snapshotKey(source));
    },
  };
}

/** A pointer only saves time: one that is broken is as good as none. Every snapshot lies behind a claim. */
function readPointer(value: Uint8Array): OwnedPosition | undefined {
  try {
    const pointer = decodeSnapshotPointer(value);
    return pointer.offset > pointer.fence ? pointer : undefined;
  } catch {
    return undefined;
  }
}
