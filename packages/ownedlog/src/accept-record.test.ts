import { describe, expect, it } from '@jest/globals';
import { encodeOwnedRecord, OwnedRecordKind, type OwnedRecordInit } from '@parley/contracts/events';
import type { StoredRecord } from '@parley/eventlog';
import { acceptRecord } from './accept-record.js';
import { type OwnedPosition, startOfLog } from './api.js';
import { OwnedLogGapError, OwnedRecordInvalidError } from './errors.js';

const source = { topic: 'timeline', partition: 3 };
const { CLAIM, DATA, POSITION } = OwnedRecordKind;

const stored = (offset: number, record: OwnedRecordInit): StoredRecord => ({
  offset,
  timeMs: 0,
  key: '',
  value: encodeOwnedRecord(record),
});
const at: OwnedPosition = { offset: 20, fence: 11, index: 7 };

describe('the filter', () => {
  it('takes the offset of a claim as the fence in force', () => {
    const verdict = acceptRecord(at, stored(20, { kind: CLAIM, nonce: 'n' }), source);
    expect(verdict).toEqual({ type: 'claim', nonce: 'n', position: { offset: 21, fence: 20, index: 7 } });
  });

  it('accepts the next index under the fence in force', () => {
    const positions = [{ source: 'lane.high', offset: 5 }];
    const record = { kind: DATA, fence: 11, index: 8, payload: Uint8Array.of(1), key: 'g', timeMs: 9, positions };
    expect(acceptRecord(at, stored(22, record), source)).toEqual({
      type: 'accepted',
      position: { offset: 23, fence: 11, index: 8 },
      record: {
        offset: 22,
        fence: 11,
        index: 8,
        timeMs: 9,
        payload: Uint8Array.of(1),
        key: 'g',
        positions: new Map([['lane.high', 5]]),
      },
      snapshot: undefined,
    });
  });

  it('skips what an owner appended after the next claim', () => {
    const verdict = acceptRecord(at, stored(20, { kind: DATA, fence: 4, index: 8 }), source);
    expect(verdict).toEqual({ type: 'foreign', position: { offset: 21, fence: 11, index: 7 } });
  });

  it('skips the second copy of a record', () => {
    const verdict = acceptRecord(at, stored(20, { kind: POSITION, fence: 11, index: 7 }), source);
    expect(verdict).toEqual({ type: 'duplicate', position: { offset: 21, fence: 11, index: 7 } });
  });

  it.each([
    ['an index that skips one', at, { kind: DATA, fence: 11, index: 9 }],
    ['a fence whose claim was not seen', at, { kind: DATA, fence: 15, index: 8 }],
    ['a record before any claim', startOfLog, { kind: DATA, fence: 0, index: 1 }],
  ])('stops at %s', (_name, position, record) => {
    const act = () => acceptRecord(position, stored(20, record), source);
    expect(act).toThrow(OwnedLogGapError);
    expect(act).toThrow(expect.objectContaining({ topic: 'timeline', partition: 3, offset: 20 }));
  });

  it('stops when the log goes back', () => {
    expect(() => acceptRecord(at, stored(19, { kind: CLAIM }), source)).toThrow(OwnedLogGapError);
  });

  it.each([
    ['bytes that are no record', Uint8Array.of(255)],
    ['a record of no known kind', encodeOwnedRecord({ fence: 11, index: 8 })],
  ])('names the place of %s, and where to go on', (_name, value) => {
    const act = () => acceptRecord(at, { offset: 20, timeMs: 0, key: '', value }, source);
    expect(act).toThrow(OwnedRecordInvalidError);
    expect(act).toThrow(expect.objectContaining({ offset: 20, after: { offset: 21, fence: 11, index: 7 } }));
  });
});
