import { topics } from '@parley/contracts/topics';
import type { TopicSpec } from '@parley/eventlog';

const dayMs = 24 * 3_600_000;

export interface TopicOptions {
  readonly partitions: number;
  readonly timelineRetentionDays: number;
}

/** Every topic of the system. Groups and rooms are known from their events alone, so no time ends those; their services cut them behind snapshots. */
export function topicSpecs({ partitions, timelineRetentionDays }: TopicOptions): readonly TopicSpec[] {
  const lanes = Object.values(topics.lanes).map((name): TopicSpec => ({ name, partitions, kind: 'queue' }));
  return [
    ...lanes,
    { name: topics.timeline, partitions, kind: 'log', retentionMs: timelineRetentionDays * dayMs },
    { name: topics.groupEvents, partitions, kind: 'log' },
    { name: topics.roomEvents, partitions, kind: 'log' },
    { name: topics.owners, partitions: 1, kind: 'compacted' },
    { name: topics.snapshots, partitions: 1, kind: 'compacted' },
    { name: topics.policies, partitions: 1, kind: 'compacted' },
    { name: topics.deadLetters, partitions: 1, kind: 'log' },
  ];
}
