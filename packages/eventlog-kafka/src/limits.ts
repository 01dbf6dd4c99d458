import { recordBytesMax } from '@parley/eventlog';

/** max.message.bytes of our topics: the largest batch that a broker takes. */
export const batchBytesMax = 1024 * 1024;

/**
 * Appends that wait together go together in one batch up to this size; a single larger one goes as it is. Encoding,
 * checksum and decoding of a batch hold up everything else in the process.
 */
export const batchBytesTarget = 256 * 1024;

/** The largest batch that is sent: below what brokers take, with room for one record of the port's largest size. */
export const sentBatchBytesMax = recordBytesMax + 64 * 1024;

/** What one produce request carries, over all its partitions, before no further batch is added. */
export const requestBytesMax = 2 * 1024 * 1024;

/** What may wait for one partition before appends are refused with QueueFullError. */
export const pendingBytesMax = 16 * 1024 * 1024;

/** How long records that are certainly not in the log yet are tried again before their append is rejected. */
export const appendTimeoutMs = 20_000;

/** How long the broker may wait for replicas; then the outcome is unknown. */
export const replicationTimeoutMs = 10_000;

/** How long a produce request may be out in all. Above replicationTimeoutMs. */
export const produceTimeoutMs = 15_000;

/** How long a produce request may be out before its broker is asked whether it lives. */
export const produceProbeMs = 2_000;

/** TCP, TLS, ApiVersions and SASL together. Also how long a probe may take. */
export const connectTimeoutMs = 3_000;

/** How long metadata, offset and administration requests may take. */
export const requestTimeoutMs = 3_000;

/** How long reads, offset queries and administration go on trying. */
export const operationTimeoutMs = 20_000;

/** How long a broker that did not answer is left alone. */
export const suspicionMs = 2_000;

/** How long a topic that was never seen may be missing before it counts as unknown: metadata spreads with a delay. */
export const unknownTopicGraceMs = 1_000;

/** How long a fetch may wait at the broker when nothing is there. */
export const fetchWaitMs = 250;

/** The same while some partition is left out because its handler is busy: it must get back in soon. */
export const busyFetchWaitMs = 20;

/** How long a fetch may be late before its connection is given up. */
export const fetchGraceMs = 3_000;

/** About how much of one partition a fetch brings. At least batchBytesMax is always delivered. */
export const fetchPartitionBytes = 512 * 1024;

/** What one fetch brings at most, over all partitions. */
export const fetchBytesMax = 4 * 1024 * 1024;

/** What taking in a record costs besides its bytes, in bytes. */
export const recordCostBytes = 256;

/** About how much of a response, costs included, is taken in before others have their turn: a quarter of a millisecond. */
export const sliceBytes = 128 * 1024;

/** All large responses together have one slice in this time, so that most of the time is left to everything else. */
export const sliceEveryMs = 1;

/** So many of them go together at most, where the process was busy for longer than that. */
export const slicesAtOnceMax = 4;

/** What may wait for a busy handler before its partition is left out of fetches. */
export const followBufferBytes = 256 * 1024;

/** Default of EventLog.read. */
export const readBytesDefault = 1024 * 1024;

/** At most one DeleteRecords per topic in this time. */
export const trimIntervalMs = 1_000;

/** How old records of a queue topic become when its spec does not say. */
export const queueRetentionMs = 60 * 60 * 1000;

/** After so long the records of a compacted topic become subject to compaction. */
export const compactedSegmentMs = 60 * 60 * 1000;

/** A response larger than this means that we talk to something that is not Kafka. */
export const responseBytesMax = 128 * 1024 * 1024;

/** Least time that stock brokers allow (group.min.session.timeout.ms); a lost member is noticed after it. */
export const sessionTimeoutMsDefault = 6_000;
