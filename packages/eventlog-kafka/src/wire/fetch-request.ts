import { ByteReader } from './byte-reader.js';
import { ByteWriter, stringSize } from './byte-writer.js';

/** The version that we speak; brokers from 2.3 on know it, Kafka 4 asks for at least 4. */
export const fetchVersion = 11;
export const fetchKey = 1;

interface FetchPart {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchRequest {
  readonly topic: string;
  /** How long the broker may wait when there is nothing. */
  readonly waitMs: number;
  readonly maxBytes: number;
  readonly parts: readonly FetchPart[];
}

/** What a fetch brought of one partition. */
export interface FetchResult {
  readonly partition: number;
  readonly errorCode: number;
  /** Undecoded batches; a view of the response. */
  readonly batches: Buffer;
}

const partBytes = 4 + 4 + 8 + 8 + 4;

/** Body of Fetch, version 11, without a session and reading uncommitted: nobody uses transactions here. */
export function encodeFetch({ topic, waitMs, maxBytes, parts }: FetchRequest): Buffer {
  const size = 4 * 4 + 1 + 8 + 4 + stringSize(topic) + 4 + parts.length * partBytes + 4 + 2;
  const writer = new ByteWriter(size);
  writer.int32(-1).int32(waitMs).int32(1).int32(maxBytes).int8(0);
  writer.int32(0).int32(-1).int32(1).string(topic).int32(parts.length);
  for (const { partition, offset, maxBytes: partMaxBytes } of parts) {
    writer.int32(partition).int32(-1).int64(offset).int64(-1).int32(partMaxBytes);
  }
  writer.int32(0).string('');
  return writer.bytes;
}

/** The request's own error code, and the partitions of its one topic. */
export function decodeFetch(body: Buffer): { readonly errorCode: number; readonly results: readonly FetchResult[] } {
  const reader = new ByteReader(body, 4); // past the throttle time
  const errorCode = reader.int16();
  reader.position += 4; // session
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => readPartition(reader));
  });
  return { errorCode, results: topics.flat() };
}

function readPartition(reader: ByteReader): FetchResult {
  const partition = reader.int32();
  const errorCode = reader.int16();
  reader.position += 24; // high watermark, last stable offset, start of the log
  reader.array(() => {
    reader.position += 16; // an aborted transaction
  });
  reader.position += 4; // preferred replica
  return { partition, errorCode, batches: reader.view(Math.max(0, reader.int32())) };
}
