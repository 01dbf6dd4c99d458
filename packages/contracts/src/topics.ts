/** Names of all topics. They are part of the stored format. */
export const topics = {
  lanes: { system: 'lane.system', high: 'lane.high', medium: 'lane.medium', low: 'lane.low' },
  timeline: 'timeline',
  groupEvents: 'group.events',
  roomEvents: 'room.events',
  /** Compacted, one partition: where each partition's owner is. */
  owners: 'cluster.owners',
  /** Compacted, one partition, key "<topic>/<partition>": newest complete snapshot. */
  snapshots: 'cluster.snapshots',
  /** Compacted, one partition, key: app id. What operators have set while the system runs. */
  policies: 'cluster.policies',
  /** Records that could not be understood, with their position. */
  deadLetters: 'dead-letters',
} as const;
