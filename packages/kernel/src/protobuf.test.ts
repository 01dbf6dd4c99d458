import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeWith, ProtobufError, ProtobufReader } from './protobuf-reader.js';
import { encodeWith, type ProtobufWriter } from './protobuf-writer.js';

const written = (write: (writer: ProtobufWriter) => void): Uint8Array => encodeWith((writer) => write(writer), undefined);
const seqs = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.maxSafeNat());
/** Longer than what is written byte by byte. */
const longStrings = fc
  .tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.integer({ min: 120, max: 1_000 }))
  .map(([part, times]) => part.repeat(times));
/** As many bytes, all the same. */
const bytesOf = fc.tuple(fc.nat(3_000), fc.nat(255)).map(([length, value]) => new Uint8Array(length).fill(value));

describe('protobuf primitives', () => {
  it('read what they wrote: integers, strings of any length and script, bytes, doubles', () => {
    const strings = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), longStrings);
    fc.assert(
      fc.property(seqs, strings, fc.uint8Array({ maxLength: 300 }), fc.double(), (seq, text, bytes, double) => {
        const encoded = written((writer) => {
          writer.writeUint64(seq);
          writer.writeString(text);
          writer.writeBytes(bytes);
          writer.writeDouble(double);
        });
        const reader = new ProtobufReader(encoded);
        expect([reader.readUint64(), reader.readString(), reader.readBytes(), reader.readDouble()]).toEqual([seq, text, bytes, double]);
        expect(reader.pos).toBe(encoded.length);
      }),
    );
  });

  it('keep messages apart that were encoded one after the other', () => {
    fc.assert(
      fc.property(fc.array(bytesOf, { maxLength: 60 }), (all) => {
        const encoded = all.map((bytes) => written((writer) => writer.writeBytes(bytes)));
        const read = encoded.map((bytes) => new ProtobufReader(bytes).readBytes());
        expect(read.findIndex((bytes, index) => Buffer.compare(bytes, all[index] as Uint8Array) !== 0)).toBe(-1);
      }),
    );
  });

  it('survive a message within a message', () => {
    const inner = (): Uint8Array => written((writer) => writer.writeString('inner'));
    const outer = written((writer) => {
      writer.writeString('before');
      writer.writeBytes(inner());
      writer.writeString('after');
    });
    const reader = new ProtobufReader(outer);
    expect([reader.readString(), new ProtobufReader(reader.readBytes()).readString(), reader.readString()]).toEqual([
      'before',
      'inner',
      'after',
    ]);
  });

  it('write lengths of nested messages whatever their size', () => {
    for (const size of [0, 1, 127, 128, 16_383, 16_384, 70_000, 2_100_000]) {
      const encoded = written((writer) => {
        const mark = writer.fork();
        writer.writeRaw(new Uint8Array(size).fill(7));
        writer.join(mark);
      });
      expect(Buffer.compare(new ProtobufReader(encoded).readBytes(), new Uint8Array(size).fill(7))).toBe(0);
    }
  });

  it('refuse integers that are no safe uint64', () => {
    for (const value of [-1, 1.5, 2 ** 53, Number.NaN]) expect(() => written((writer) => writer.writeUint64(value))).toThrow(RangeError);
    const tooLarge = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
    expect(() => new ProtobufReader(tooLarge).readUint64()).toThrow(ProtobufError);
  });

  it('refuse garbage with a ProtobufError, never with anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeWith((reader, end) => {
            while (reader.pos < end) reader.skip(reader.readTag());
            reader.leave(end);
          }, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtobufError);
        }
      }),
    );
  });

  it('refuse invalid UTF-8 and replace lone surrogates', () => {
    expect(() => new ProtobufReader(Uint8Array.of(2, 0xc3, 0x28)).readString()).toThrow(ProtobufError);
    expect(new ProtobufReader(written((writer) => writer.writeString('\ud800x'))).readString()).toBe('\ufffdx');
  });
});
