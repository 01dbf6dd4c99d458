import {
  createMemberState,
  type MemberCursor,
  type MemberState,
  type MentionMark,
  type Reading,
  type Stay,
} from '@parley/contracts/history-rows';
import { limits, ProtobufReader } from '@parley/kernel';
import type { MembershipSpan } from '@parley/store';
import { historyLimits } from '../limits.js';

export const noState: MemberState = createMemberState({});

/** Whether the user is in the group now, as far as the state says. */
export const isStaying = ({ stays }: MemberState): boolean => stays.at(-1)?.to === 0;

/** The stays as spans of the store. */
export const spansOf = ({ stays }: MemberState): readonly MembershipSpan[] =>
  stays.map(({ from, to }) => (to === 0 ? { from } : { from, to }));

/** Begins a stay, unless the user is there. */
export function enter(state: MemberState, seq: number): readonly Stay[] {
  return isStaying(state) ? state.stays : [...state.stays, { from: seq, to: 0 }];
}

/** Ends the stay, if there is one. */
export function exit({ stays }: MemberState, seq: number): readonly Stay[] {
  const last = stays.at(-1);
  if (last === undefined || last.to !== 0) return stays;
  return [...stays.slice(0, -1), { from: last.from, to: Math.max(seq, last.from) }];
}

/** The state with everything up to a place read; what is below the floor already changes nothing. */
export function raiseFloor(state: MemberState, seq: number, countable: number, asOf = state.asOf): MemberState {
  if (seq <= state.floorSeq) return state;
  const { mentions } = state;
  // Made for every message, and a spread would cost more than all the rest.
  return {
    asOf,
    updatedMs: state.updatedMs,
    stays: state.stays,
    floorSeq: seq,
    floorCountable: Math.max(countable, state.floorCountable),
    readSeq: state.readSeq,
    deliveredSeq: state.deliveredSeq,
    readings: state.readings,
    mentions: mentions.length === 0 ? mentions : mentions.filter((mark) => mark.seq > seq),
    settings: state.settings,
    hasHidden: state.hasHidden,
    hiddenMs: state.hiddenMs,
  };
}

/** Marks with one more, newest first and bounded; one of the same message is replaced. */
export function withMark(marks: readonly MentionMark[], mark: MentionMark): readonly MentionMark[] {
  const others = marks.filter(({ seq }) => seq !== mark.seq);
  const at = others.findIndex(({ seq }) => seq < mark.seq);
  return others.toSpliced(at < 0 ? others.length : at, 0, mark).slice(0, limits.mentionMarksMax);
}

/** Marks without those of a message. */
export const withoutMark = (marks: readonly MentionMark[], seq: number): readonly MentionMark[] =>
  marks.some((mark) => mark.seq === seq) ? marks.filter((mark) => mark.seq !== seq) : marks;

/** What a cursor tells, wherever it is kept. */
type Cursor = Pick<MemberCursor, 'readSeq' | 'deliveredSeq' | 'readings'>;

/** A cursor after a move; it never goes back. */
export function moveCursor(
  cursor: Cursor,
  move: { readonly readSeq: number; readonly deliveredSeq: number; readonly timeMs: number },
): Cursor {
  const readSeq = Math.max(cursor.readSeq, move.readSeq);
  const deliveredSeq = Math.max(cursor.deliveredSeq, move.deliveredSeq, readSeq);
  if (readSeq === cursor.readSeq) return { readSeq, deliveredSeq, readings: cursor.readings };
  const reading: Reading = { seq: readSeq, timeMs: move.timeMs };
  return { readSeq, deliveredSeq, readings: [reading, ...cursor.readings].slice(0, historyLimits.readingsKept) };
}

/** When a message was read: the first reading that covers it, of those that are remembered; 0 where none does. */
export const readMsOf = ({ readings }: Pick<Cursor, 'readings'>, seq: number): number =>
  readings.findLast((reading) => reading.seq >= seq)?.timeMs ?? 0;

/** When an encoded state changed last; without decoding it. */
export function updatedMsIn(encoded: Uint8Array): number {
  const reader = new ProtobufReader(encoded);
  while (reader.pos < reader.end) {
    const tag = reader.readTag();
    if (tag === updatedMsTag) return reader.readUint64();
    if (tag > updatedMsTag) return 0;
    reader.skip(tag);
  }
  return 0;
}

/** Field 2, a varint; fields are written in the order of their numbers. */
const updatedMsTag = 2 << 3;
