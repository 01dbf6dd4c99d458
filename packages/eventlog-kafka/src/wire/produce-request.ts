import { ByteReader } from './byte-reader.js';
import { ByteWriter, stringSize } from './byte-writer.js';

/** The version that we speak; brokers from 2.1 on know it, Kafka 4 asks for at least 3. */
export const produceVersion = 7;
export const produceKey = 0;

/** One partition's batch. */
interface ProducePart {
  readonly partition: number;
  readonly batch: Buffer;
}

export interface ProduceRequest {
  readonly topic: string;
  /** -1: all replicas in sync; 1: the leader. */
  readonly acks: -1 | 1;
  /** How long the broker may wait for replicas. */
  readonly timeoutMs: number;
  readonly parts: readonly ProducePart[];
}

/** What became of one partition's batch. */
export interface ProduceResult {
  readonly partition: number;
  readonly errorCode: number;
  /** Of the first record; below 0 when the leader did not write it. */
  readonly baseOffset: number;
}

/** Body of Produce, version 7. */
export function encodeProduce({ topic, acks, timeoutMs, parts }: ProduceRequest): Buffer {
  let size = 2 + 2 + 4 + 4 + stringSize(topic) + 4;
  for (const { batch } of parts) size += 8 + batch.length;
  const writer = new ByteWriter(size);
  writer.int16(-1).int16(acks).int32(timeoutMs).int32(1).string(topic).int32(parts.length);
  for (const { partition, batch } of parts) writer.int32(partition).int32(batch.length).raw(batch);
  return writer.bytes;
}

/** Results of a request for one topic. */
export function decodeProduce(body: Buffer): readonly ProduceResult[] {
  const reader = new ByteReader(body);
  const topics = reader.array(() => {
    reader.string();
    return reader.array(() => {
      const result = { partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() };
      reader.position += 16; // append time and start of the log
      return result;
    });
  });
  return topics.flat();
}
