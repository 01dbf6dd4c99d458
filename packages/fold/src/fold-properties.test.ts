import { describe, expect, it } from '@jest/globals';
import { type ConversationEvent, type MessageState, Removal } from '@parley/wire';
import fc from 'fast-check';
import { foldEvents, foldMessage, laterState } from './fold-message.js';
import { foldPins } from './fold-pins.js';
import { anyHistory, orderlyHistory } from './testing/histories.js';
import { targetsOf } from './targets-of.js';

type Events = readonly ConversationEvent[];

const seqsOf = (events: Events): readonly number[] => events.map((event) => event.seq);
/** What the server holds of all messages when it has come to `head`. */
const statesAt = (events: Events, head: number): ReadonlyMap<number, MessageState | undefined> =>
  new Map(seqsOf(events).map((seq) => [seq, foldEvents(undefined, seq, events.slice(0, head))]));

const check = (property: fc.IProperty<unknown[]>): void => fc.assert(property, { numRuns: 150 });

/**
 * A client: it reads pages, each as of a head that it is told, and live events in their order; of messages that it does
 * not hold it learns from pages only.
 */
class Reader {
  readonly states = new Map<number, MessageState | undefined>();
  readonly #live: ConversationEvent[] = [];

  hear(event: ConversationEvent): void {
    this.#live.push(event);
    for (const seq of targetsOf(event)) {
      if (this.states.has(seq) || seq === event.seq) this.states.set(seq, foldMessage(this.states.get(seq), seq, event));
    }
    if (event.body?.type === 'content' && !this.states.has(event.seq)) this.states.set(event.seq, undefined);
  }

  /** A page may be older than what was heard meanwhile. */
  read(seq: number, state: MessageState | undefined): void {
    this.states.set(seq, laterState(this.states.get(seq), foldEvents(state, seq, this.#live)));
  }
}

describe('the fold', () => {
  it('comes to the same for who reads pages in any order, as of any time, while events go on', () => {
    const moves = fc.array(fc.record({ seq: fc.nat(39), age: fc.nat(10), isLive: fc.boolean() }), { maxLength: 60 });
    check(
      fc.property(anyHistory, fc.nat(39), moves, (events, start, plan) => {
        const reader = new Reader();
        let head = Math.min(start, events.length);
        // Pages answer as of the head at the time of the question, which is not before the client began to listen.
        const first = head;
        for (const { seq, age, isLive } of plan) {
          const next = events[head];
          if (isLive && next !== undefined) {
            reader.hear(next);
            head++;
          } else if (seq + 1 <= head) {
            reader.read(seq + 1, statesAt(events, Math.max(first, head - age)).get(seq + 1));
          }
        }
        const truth = statesAt(events, head);
        for (const [seq, state] of reader.states) expect([seq, state]).toEqual([seq, truth.get(seq)]);
      }),
    );
  });

  it('goes on from any state as if it had seen everything before', () => {
    check(
      fc.property(anyHistory, fc.nat(39), (events, cut) => {
        for (const seq of seqsOf(events)) {
          const state = foldEvents(undefined, seq, events.slice(0, cut));
          expect(foldEvents(state, seq, events.slice(cut))).toEqual(foldEvents(undefined, seq, events));
        }
      }),
    );
  });

  it('takes every event once, however often it comes', () => {
    check(
      fc.property(anyHistory, fc.array(fc.nat(39), { maxLength: 20 }), (events, again) => {
        for (const seq of seqsOf(events)) {
          const state = foldEvents(undefined, seq, events);
          const repeated = again.flatMap((i) => events[i] ?? []);
          expect(foldEvents(state, seq, repeated)).toBe(state);
        }
      }),
    );
  });

  it('lets a removal win over everything, before and after', () => {
    check(
      fc.property(anyHistory, (events) => {
        for (const [seq, state] of statesAt(events, events.length)) {
          const isRemoved = events.some(
            (event) => (event.body?.type === 'recalled' || event.body?.type === 'deleted') && targetsOf(event).includes(seq),
          );
          expect(state !== undefined && state.removal !== Removal.UNSPECIFIED).toBe(isRemoved);
          if (isRemoved) {
            expect(state).toMatchObject({ reactions: [], pinnedMs: 0, pinnedBy: '', editSeq: 0, editedMs: 0, isRemention: false });
            expect(state?.mentions).toBeUndefined();
          }
        }
      }),
    );
  });

  it('never counts a reaction below one, nor names the same user twice', () => {
    check(
      fc.property(anyHistory, (events) => {
        for (const state of statesAt(events, events.length).values()) {
          for (const { count, recent } of state?.reactions ?? []) {
            expect(count).toBeGreaterThanOrEqual(1);
            expect(new Set(recent).size).toBe(recent.length);
            expect(recent.length).toBeLessThanOrEqual(10);
          }
        }
      }),
    );
  });

  it('counts those who show a reaction, where every change is one', () => {
    check(
      fc.property(orderlyHistory, (events) => {
        for (const [seq, state] of statesAt(events, events.length)) {
          if (state === undefined || state.removal !== Removal.UNSPECIFIED) continue;
          const shown = new Map<string, Set<string>>();
          for (const { body, sender } of events) {
            if (body?.type !== 'reaction' || body.value.seq !== seq) continue;
            const who = shown.get(body.value.reaction) ?? new Set();
            if (body.value.isRemoved) who.delete(sender);
            else who.add(sender);
            shown.set(body.value.reaction, who);
          }
          const counts = Object.fromEntries(state.reactions.map(({ reaction, count }) => [reaction, count]));
          const wanted = [...shown].filter(([, who]) => who.size > 0).map(([reaction, who]) => [reaction, who.size]);
          expect(counts).toEqual(Object.fromEntries(wanted));
        }
      }),
    );
  });

  it('shows as pinned what stands in the list of pins', () => {
    check(
      fc.property(orderlyHistory, (events) => {
        const pins = events.reduce(foldPins, [] as ReturnType<typeof foldPins>);
        const pinned = [...statesAt(events, events.length)].filter(([, state]) => (state?.pinnedMs ?? 0) > 0);
        expect(pins.map(({ seq }) => seq).sort()).toEqual(pinned.map(([seq]) => seq).sort());
        for (const { seq, pinnedMs, pinnedBy } of pins) expect(new Map(pinned).get(seq)).toMatchObject({ pinnedMs, pinnedBy });
      }),
    );
  });
});
