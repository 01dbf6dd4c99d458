import { describe, expect, it } from '@jest/globals';
import { checkReading, type ObservedReading, type ReadingAtRest } from './check-reading.js';
import type { AnomalyType, StoredEvent } from './observations.js';

const conversation = 'g:team';

interface Run {
  events: StoredEvent[];
  readings: ObservedReading[];
  atRest: ReadingAtRest;
}

const passes = (seq: number, joined: string[], left: string[] = []): StoredEvent => ({
  ...{ seq, sender: '', clientMsgId: '', body: '', isNotice: true, members: { joined, left } },
});
const says = (seq: number, sender: string): StoredEvent => ({ seq, sender, clientMsgId: `m${seq}`, body: `${seq}` });
const read = (how: ObservedReading['how'], readSeq: number): ObservedReading => ({
  ...{ user: 'bob', conversation, readSeq, how, observer: 'b' },
});

/** Bob is in from 2 on, has written 4 and read up to 5; then come a message, an act and another message. */
const sound = (): Run => ({
  events: [
    ...[says(1, 'ann'), passes(2, ['ann', 'bob']), says(3, 'ann'), says(4, 'bob'), says(5, 'ann'), says(6, 'ann')],
    ...[{ ...says(7, 'ann'), act: { type: 'recall', target: 6 } } as const, says(8, 'ann')],
  ],
  readings: [read('asked', 5), read('acknowledged', 3), read('asked', 5), read('told', 5), read('answered', 5)],
  atRest: { user: 'bob', conversation, readSeq: 5, unread: 2 },
});

function doctored(change: (run: Run) => unknown): AnomalyType[] {
  const run = sound();
  change(run);
  const { events, readings, atRest } = run;
  return checkReading({ history: new Map([[conversation, events]]), readings, atRest: [atRest] }).map(({ type }) => type);
}

const rests =
  (change: Partial<ReadingAtRest>) =>
  (run: Run): void => {
    run.atRest = { ...run.atRest, ...change };
  };

describe('checkReading', () => {
  it('has nothing to say about a sound run', () => {
    expect(doctored(() => {})).toEqual([]);
  });

  it.each(['acknowledged', 'told', 'answered'] as const)('finds a reading that was %s and is gone', (how) => {
    expect(doctored(({ readings }) => readings.push(read('asked', 6), read(how, 6)))).toEqual(['lost']);
  });

  it('accepts that a wish which nobody has answered is gone', () => {
    expect(doctored(({ readings }) => readings.push(read('asked', 8)))).toEqual([]);
  });

  it('finds a reading that nobody asked for', () => {
    expect(doctored(rests({ readSeq: 6, unread: 1 }))).toEqual(['phantom']);
  });

  it('finds answers that go back', () => {
    expect(doctored(({ readings }) => readings.push(read('answered', 4)))).toEqual(['lost']);
  });

  it('finds a wrong count: behind what was read, what was written, and the beginning of the stay', () => {
    expect(doctored(rests({ unread: 3 }))).toEqual(['miscounted']);
    const unreadOnly = (unread: number) => (run: Run) => [run.readings.splice(0), rests({ readSeq: 0, unread })(run)];
    expect(doctored(unreadOnly(3))).toEqual([]);
    expect(doctored(unreadOnly(4))).toEqual(['miscounted']);
    const silent = (unread: number) => (run: Run) => [unreadOnly(unread)(run), run.events.splice(3, 1, says(4, 'ann'))];
    expect(doctored(silent(5))).toEqual([]);
    expect(doctored(silent(6))).toEqual(['miscounted']);
  });

  it('expects nothing unread of a group that the user has left', () => {
    expect(doctored((run) => [run.events.push(passes(9, [], ['bob'])), rests({ unread: 0 })(run)])).toEqual([]);
    expect(doctored((run) => run.events.push(passes(9, [], ['bob'])))).toEqual(['miscounted']);
  });
});
