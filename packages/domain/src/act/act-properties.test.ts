import { describe, expect, it } from '@jest/globals';
import { evictedBy, foldEviction, foldMessage, foldPins, targetsOf } from '@parley/fold';
import {
  type ActInit,
  type ConversationEvent,
  createAct,
  createConversationEvent,
  type MessageState,
  type Pin,
  Removal,
} from '@parley/wire';
import fc from 'fast-check';
import { defaultRules } from '../app-rules.js';
import { club, text } from '../testing/act-fixture.js';
import type { ActDecision, ActFacts, TargetFacts } from './act-facts.js';
import { decideAct } from './decide-act.js';

const users = ['ann', 'bob', 'cid'];
/** An admin. */
const moderator = 'cid';
const reactions = ['+', '-'];
/** So many messages there are, one after another, before anything is done to them. */
const messages = 12;

interface Try {
  readonly type: 'edit' | 'recall' | 'delete' | 'react' | 'pin' | 'say';
  readonly user: number;
  readonly seq: number;
  readonly choice: number;
  readonly isRemoved: boolean;
}

const aTry: fc.Arbitrary<Try> = fc.record({
  type: fc.constantFrom('edit', 'recall', 'delete', 'react', 'react', 'react', 'pin', 'pin', 'say'),
  user: fc.nat(users.length - 1),
  seq: fc.integer({ min: 1, max: messages + 2 }),
  choice: fc.nat(reactions.length - 1),
  isRemoved: fc.boolean(),
});

function actOf({ type, seq, choice, isRemoved }: Try): ActInit['kind'] {
  switch (type) {
    case 'edit':
      return { type, value: { seq, content: text('better') } };
    case 'recall':
      return { type, value: { seq } };
    case 'delete':
      return { type, value: { seqs: [seq, choice + 1] } };
    case 'react':
      return { type, value: { seq, reaction: reactions[choice] ?? '', isRemoved } };
    case 'pin':
      return { type, value: { seq, isRemoved } };
    case 'say':
      return undefined;
  }
}

/** A router of one group and a history of it in one: what it decides is folded at once. */
class Club {
  readonly events: ConversationEvent[] = [];
  readonly states = new Map<number, MessageState>();
  readonly shown = new Set<string>();
  pins: readonly Pin[] = [];

  constructor() {
    for (let i = 0; i < messages; i++) this.say(users[i % 2] ?? '');
  }

  say(sender: string): void {
    this.#take(sender, { type: 'content', value: text('hi') });
  }

  do(it: Try): ActDecision['type'] | string {
    const sender = users[it.user] ?? '';
    const decided = decideAct(
      { sender, isPrivileged: false, act: createAct({ kind: actOf(it) }), timeMs: this.#timeMs },
      this.#factsOf(it),
      defaultRules,
    );
    if (!decided.ok) return decided.error.name;
    if (decided.value.type === 'event') this.#take(sender, decided.value.body);
    return decided.value.type;
  }

  isRemoved(seq: number): boolean {
    return (this.states.get(seq)?.removal ?? Removal.UNSPECIFIED) !== Removal.UNSPECIFIED;
  }

  get #timeMs(): number {
    return 1_000 + this.events.length;
  }

  #factsOf({ user, seq, choice }: Try): ActFacts {
    const sender = users[user] ?? '';
    const targetOf = (at: number): TargetFacts | undefined => {
      const message = this.events[at - 1];
      if (message?.body?.type !== 'content') return undefined;
      const state = this.states.get(at);
      return {
        ...{ seq: at, sender: message.sender, timeMs: message.timeMs, kind: 'text', rootSeq: 0, expiresMs: 0, onlyTo: [] },
        isRemoved: this.isRemoved(at),
        hasReacted: this.shown.has(`${at} ${sender} ${reactions[choice]}`),
        isPinned: this.pins.some((pin) => pin.seq === at),
        reactionKinds: state?.reactions.length ?? 0,
      };
    };
    const isModerator = sender === moderator;
    const targets = [seq, choice + 1].flatMap((at) => targetOf(at) ?? []);
    const headSeq = this.events.length;
    return {
      conversation: club,
      isMember: true,
      isModerator,
      canPin: isModerator,
      headSeq,
      memberCount: 3,
      target: targetOf(seq),
      targets,
    };
  }

  #take(sender: string, body: ConversationEvent['body']): void {
    const event = createConversationEvent({ conversation: club.id, seq: this.events.length + 1, sender, timeMs: this.#timeMs, body });
    for (const seq of targetsOf(event)) {
      // Nothing that is decided concerns what is gone.
      expect(this.isRemoved(seq)).toBe(false);
      this.states.set(seq, foldMessage(this.states.get(seq), seq, event));
    }
    const evicted = evictedBy(this.pins, event);
    if (evicted !== undefined) this.states.set(evicted, foldEviction(this.states.get(evicted), evicted, event));
    this.pins = foldPins(this.pins, event);
    this.events.push(event);
    if (body?.type !== 'reaction') return;
    const key = `${body.value.seq} ${sender} ${body.value.reaction}`;
    // Each is a change.
    expect(this.shown.has(key)).toBe(body.value.isRemoved);
    if (body.value.isRemoved) this.shown.delete(key);
    else this.shown.add(key);
  }
}

const after = (tries: readonly Try[]): Club => {
  const state = new Club();
  for (const it of tries) {
    if (it.type === 'say') state.say(users[it.user] ?? '');
    else state.do(it);
  }
  return state;
};

const check = (property: fc.IProperty<[Try[]]>): void => fc.assert(property, { numRuns: 100 });
const tries = fc.array(aTry, { maxLength: 50 });

describe('whatever is tried', () => {
  it('leaves reactions that count those who show them', () => {
    check(
      fc.property(tries, (all) => {
        const state = after(all);
        for (const [seq, { reactions: counts, removal }] of state.states) {
          if (removal !== Removal.UNSPECIFIED) expect(counts).toEqual([]);
          else
            for (const { reaction, count } of counts)
              expect(users.filter((user) => state.shown.has(`${seq} ${user} ${reaction}`))).toHaveLength(count);
        }
      }),
    );
  });

  it('leaves as pinned at most ten messages, those in the list', () => {
    const seq = fc.integer({ min: 1, max: messages });
    const pins = fc.array(
      fc.record({ type: fc.constant('pin' as const), user: fc.constant(2), seq, choice: fc.constant(0), isRemoved: fc.constant(false) }),
      { minLength: 30, maxLength: 50 },
    );
    check(
      fc.property(fc.oneof(tries, pins), (all) => {
        const { pins, states } = after(all);
        const pinned = [...states.values()].filter(({ pinnedMs }) => pinnedMs > 0);
        expect(pins.length).toBeLessThanOrEqual(10);
        expect(pins.map(({ seq }) => seq).sort()).toEqual(pinned.map(({ seq }) => seq).sort());
      }),
    );
  });

  it('does nothing when it is tried again', () => {
    const again: Record<string, readonly string[]> = {
      react: ['none'],
      pin: ['none'],
      recall: ['MESSAGE_NOT_FOUND'],
      delete: ['MESSAGE_NOT_FOUND'],
      edit: ['event'],
    };
    check(
      fc.property(tries, (all) => {
        const state = new Club();
        for (const it of all) {
          if (it.type === 'say') state.say(users[it.user] ?? '');
          else if (state.do(it) === 'event') expect(again[it.type]).toContain(state.do(it));
        }
      }),
    );
  });

  it('takes back only what one has said, unless one moderates', () => {
    check(
      fc.property(tries, (all) => {
        const { events } = after(all);
        for (const { body, sender } of events) {
          if (sender === moderator) continue;
          expect(['deleted', 'pin']).not.toContain(body?.type);
          if (body?.type === 'recalled' || body?.type === 'edited') expect(events[body.value.seq - 1]?.sender).toBe(sender);
        }
      }),
    );
  });
});
