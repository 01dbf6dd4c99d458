import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import kafkajsApiKeys from 'kafkajs/src/protocol/requests/apiKeys.js';
import kafkajsProtocol from 'kafkajs/src/protocol/requests/index.js';
import { addressOf, parseAddress } from './address.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter, varintSize } from './byte-writer.js';
import { recordCostBytes } from '../limits.js';
import { crc32c } from './crc32c.js';
import { decodeFetch, encodeFetch } from './fetch-request.js';
import { decodeProduce, encodeProduce } from './produce-request.js';
import { BadBatchError, batchBytesBound, decodeInSlices, encodeRecordBatch } from './record-batch.js';

const records = fc.array(fc.record({ key: fc.string({ maxLength: 20 }), value: fc.uint8Array({ maxLength: 300 }) }), {
  minLength: 1,
  maxLength: 40,
});

/** All slices put together. */
function decoded(bytes: Buffer, from: number) {
  const slices = [...decodeInSlices(bytes, from, 1_000)];
  return { records: slices.flatMap((slice) => slice.records), nextOffset: slices.at(-1)?.nextOffset };
}

/** The batch as a leader would store it. */
const stored = (batch: Buffer, baseOffset: number): Buffer => {
  const copy = Buffer.from(batch);
  copy.writeBigInt64BE(BigInt(baseOffset), 0);
  return copy;
};

describe('the checksum', () => {
  it('is that of the standard (RFC 3720, B.4)', () => {
    expect(crc32c(Buffer.alloc(32), 0, 32)).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff), 0, 32)).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'), 0, 9)).toBe(0xe3069283);
  });

  it('looks only at the part it is given', () => {
    const bytes = Buffer.from('xx123456789yy');
    expect(crc32c(bytes, 2, 11)).toBe(0xe3069283);
  });
});

describe('primitive types', () => {
  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.string({ maxLength: 50 }), (small, big, text) => {
        const writer = new ByteWriter(400).varint(small).int64(big).string(text).int32(small).int16(7).int8(-3);
        const reader = new ByteReader(writer.bytes);
        expect(reader.varint()).toBe(small);
        expect(reader.position).toBe(varintSize(small));
        expect([reader.int64(), reader.string(), reader.int32(), reader.int16(), reader.int8()]).toEqual([big, text, small, 7, -3]);
      }),
    );
  });

  it('refuse to read past the end', () => {
    expect(() => new ByteReader(Buffer.alloc(3)).int32()).toThrow('outside buffer bounds');
    expect(() => new ByteReader(Buffer.alloc(3)).view(4)).toThrow('4 bytes wanted, 3 left');
  });
});

describe('record batches', () => {
  it('come back as they went, from any offset on', () => {
    fc.assert(
      fc.property(records, fc.nat(2 ** 40), fc.nat(40), (some, baseOffset, skipped) => {
        const batch = stored(encodeRecordBatch(some, 1_700_000_000_000), baseOffset);
        expect(batch.length).toBeLessThanOrEqual(batchBytesBound(some));
        const { records: read, nextOffset } = decoded(batch, baseOffset + skipped);
        expect(read.map(({ key, value }) => ({ key, value: new Uint8Array(value) }))).toEqual(some.slice(skipped));
        expect(read.every(({ timeMs }) => timeMs === 1_700_000_000_000)).toBe(true);
        expect(nextOffset).toBe(Math.max(baseOffset + skipped, baseOffset + some.length));
      }),
    );
  });

  it('are read in slices that begin where the one before ended, however many batches there are', () => {
    fc.assert(
      fc.property(fc.array(records, { minLength: 1, maxLength: 5 }), fc.nat(30), fc.nat(2_000), (some, from, sliceCost) => {
        let at = 0;
        const batches = some.map((batch) => {
          const bytes = stored(encodeRecordBatch(batch, 0), at);
          at += batch.length;
          return bytes;
        });
        const all = Buffer.concat(batches);
        let next = from;
        for (const slice of decodeInSlices(all, from, sliceCost)) {
          expect(slice.records.map(({ offset }) => offset)).toEqual(slice.records.map((_, index) => next + index));
          expect(slice.cost).toBeLessThanOrEqual(sliceCost + 61 * batches.length + 350 + recordCostBytes);
          next = slice.nextOffset;
        }
        expect(next).toBe(Math.max(from, at));
      }),
    );
    const many = Buffer.concat(
      Array.from({ length: 100 }, (_, offset) => stored(encodeRecordBatch([{ value: Buffer.from('a') }], 0), offset)),
    );
    expect([...decodeInSlices(many, 0, 1_000)].length).toBeGreaterThan(25);
  });

  it('leave a batch that is cut off for the next fetch', () => {
    const first = stored(encodeRecordBatch([{ value: Buffer.from('a') }], 0), 5);
    const second = stored(encodeRecordBatch([{ value: Buffer.from('b') }], 0), 6);
    for (let cut = 0; cut < second.length; cut += 1) {
      const { records: read, nextOffset } = decoded(Buffer.concat([first, second.subarray(0, cut)]), 5);
      expect(read.map(({ offset }) => offset)).toEqual([5]);
      expect(nextOffset).toBe(6);
    }
  });

  it('show any flipped bit behind the checksum', () => {
    const batch = encodeRecordBatch([{ key: 'k', value: Buffer.from('value') }], 0);
    for (let at = 17; at < batch.length; at += 1) {
      const damaged = Buffer.from(batch);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      expect(() => decoded(damaged, 0)).toThrow(BadBatchError);
    }
  });

  it('go on behind what compaction has emptied', () => {
    const batch = stored(encodeRecordBatch([{ value: Buffer.from('a') }, { value: Buffer.from('b') }], 0), 10);
    expect(decoded(batch, 12)).toEqual({ records: [], nextOffset: 12 });
  });
});

describe('requests', () => {
  it('of produce are read as the protocol guide lays them out', () => {
    const parts = [{ partition: 3, batch: Buffer.from('abc') }];
    expect(encodeProduce({ topic: 't', acks: -1, timeoutMs: 1_000, parts }).toString('hex')).toBe(
      'ffff' + 'ffff' + '000003e8' + '00000001' + '000174' + '00000001' + '00000003' + '00000003' + '616263',
    );
    const answer = new ByteWriter(4 + 3 + 4 + 30 + 4).int32(1).string('t').int32(1);
    answer
      .int32(3)
      .int16(19)
      .int64(2 ** 40)
      .int64(-1)
      .int64(0)
      .int32(0);
    expect(decodeProduce(answer.bytes)).toEqual([{ partition: 3, errorCode: 19, baseOffset: 2 ** 40 }]);
  });

  it('of fetch are written and read as the protocol guide lays them out', () => {
    const request = encodeFetch({
      topic: 'tt',
      waitMs: 1,
      maxBytes: 2,
      parts: [{ partition: 1, offset: 9, maxBytes: 3 }],
    });
    expect(request.toString('hex')).toBe(
      'ffffffff' +
        '00000001' +
        '00000001' +
        '00000002' +
        '00' +
        '00000000' +
        'ffffffff' +
        '00000001' +
        '00027474' +
        '00000001' +
        '00000001' +
        'ffffffff' +
        '0000000000000009' +
        'ffffffffffffffff' +
        '00000003' +
        '00000000' +
        '0000',
    );
    const batch = encodeRecordBatch([{ value: Buffer.from('x') }], 0);
    const body = new ByteWriter(10 + 4 + 4 + 4 + 6 + 24 + 4 + 4 + 4 + batch.length).int32(0).int16(0).int32(0);
    body.int32(1).string('tt').int32(1).int32(1).int16(0).int64(1).int64(1).int64(0).int32(-1).int32(-1);
    body.int32(batch.length).raw(batch);
    expect(decodeFetch(body.bytes)).toEqual({
      errorCode: 0,
      results: [{ partition: 1, errorCode: 0, batches: batch }],
    });
  });
});

describe('kafkajs', () => {
  it('has inside what we use of it', () => {
    const { version } = createRequire(import.meta.url)('kafkajs/package.json') as { version: string };
    expect(version).toBe('2.2.4');
    const rare = ['ApiVersions', 'Metadata', 'ListOffsets', 'CreateTopics', 'DeleteRecords', 'GroupCoordinator'] as const;
    const group = ['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup'] as const;
    for (const api of [...rare, ...group]) {
      expect(typeof kafkajsApiKeys[api]).toBe('number');
      expect(typeof kafkajsProtocol.requests[api].protocol({ version: 0 })).toBe('function');
    }
  });
});

describe('addresses', () => {
  it.each([
    ['127.0.0.1', 9092],
    ['kafka-0.kafka', 1],
    ['::1', 65535],
  ])('%s:%d comes back', (host, port) => {
    expect(parseAddress(addressOf(host, port))).toEqual({ host, port });
  });

  it.each(['', 'kafka', 'kafka:', ':9092', 'a:b:1'])('"%s" is none', (address) => {
    expect(() => parseAddress(address)).toThrow('host:port');
  });
});
