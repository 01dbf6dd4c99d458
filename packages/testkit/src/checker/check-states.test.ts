import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import { checkStates } from './check-states.js';
import type { AnomalyType, MessageAct, MessageView, ObservedDelivery, ObservedSend, SeenMessage, StoredEvent } from './observations.js';

const conversation = 'u:ann|bob';

interface Run {
  readonly sends: ObservedSend[];
  readonly deliveries: ObservedDelivery[];
  readonly events: StoredEvent[];
  readonly views: { observer: string; user: string; conversation: string; messages: Map<number, SeenMessage> }[];
}

const steps: readonly (readonly [sender: string, what: string | MessageAct])[] = [
  ['ann', 'one'],
  ['bob', 'two'],
  ['ann', 'three'],
  ['ann', { type: 'edit', target: 1, text: 'ONE' }],
  ['ann', { type: 'edit', target: 1, text: 'One' }],
  ['bob', { type: 'react', target: 1, reaction: '+', isRemoved: false }],
  ['ann', { type: 'react', target: 1, reaction: '+', isRemoved: false }],
  ['bob', { type: 'react', target: 1, reaction: '+', isRemoved: true }],
  ['bob', { type: 'recall', target: 2 }],
  ['bob', { type: 'pin', target: 3, isRemoved: false }],
];

const seen = (change: Partial<SeenMessage>): SeenMessage => ({
  text: '',
  isRemoved: false,
  reactions: new Map(),
  isPinned: false,
  ...change,
});

/** Three messages and what became of them, acknowledged, handed to two devices, and shown alike by all. */
function sound(): Run {
  const bodyOf = (what: string | MessageAct): string => (typeof what === 'string' ? what : '');
  const actOf = (what: string | MessageAct): { act?: MessageAct } => (typeof what === 'string' ? {} : { act: what });
  const messages = (): Map<number, SeenMessage> =>
    new Map([
      [1, seen({ text: 'One', reactions: new Map([['+', 1]]) })],
      [2, seen({ isRemoved: true })],
      [3, seen({ text: 'three', isPinned: true })],
    ]);
  return {
    sends: steps.map(([sender, what], index) => ({
      ...{ sender, device: sender, conversation, clientMsgId: `m${index + 1}`, body: bodyOf(what), ...actOf(what), priority: 'medium' },
      ...{ invokedAt: index * 10, outcome: { type: 'ok', seq: index + 1, at: index * 10 + 5 } },
    })),
    deliveries: steps.flatMap(([sender, what], index) =>
      ['ann', 'bob'].map((user) => ({
        ...{ device: user, user, conversation, seq: index + 1, sender, clientMsgId: `m${index + 1}` },
        ...{ body: bodyOf(what), ...actOf(what), at: index * 10 + 6 },
      })),
    ),
    // As history tells it in the end: the newest text, and nothing of what is gone.
    events: steps.map(([sender, what], index) => {
      const seq = index + 1;
      if (seq === 2) return { seq, sender, clientMsgId: '', body: '' };
      const act = typeof what !== 'string' && what.type === 'edit' ? { act: { ...what, text: seq === 5 ? what.text : '' } } : actOf(what);
      return { seq, sender, clientMsgId: `m${seq}`, body: seq === 1 ? 'One' : bodyOf(what), ...act };
    }),
    views: [
      { observer: 'the server', user: '', conversation, messages: messages() },
      { observer: 'bob', user: 'bob', conversation, messages: messages() },
    ],
  };
}

function typesIn({ sends, deliveries, events, views }: Run): AnomalyType[] {
  const history = new Map([[conversation, events]]);
  const found = [...checkHistory({ sends, deliveries, history, entitlements: [] }), ...checkStates({ sends, deliveries, history, views })];
  return [...new Set(found.map(({ type }) => type))];
}

function doctored(change: (run: Run) => void): AnomalyType[] {
  const run = sound();
  change(run);
  return typesIn(run);
}

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

const act = (seq: number, sender: string, what: MessageAct): [StoredEvent, ObservedSend] => [
  { seq, sender, clientMsgId: `x${seq}`, body: '', act: what },
  {
    ...{ sender, device: sender, conversation, clientMsgId: `x${seq}`, body: '', act: what, priority: 'medium' },
    ...{ invokedAt: seq * 10, outcome: { type: 'ok', seq, at: seq * 10 + 5 } },
  },
];

const done =
  (sender: string, what: MessageAct) =>
  ({ events, sends }: Run): void => {
    const [event, send] = act(11, sender, what);
    events.push(event);
    sends.push(send);
  };

describe('checkHistory, of acts', () => {
  it('has nothing to say about a sound run', () => {
    expect(typesIn(sound())).toEqual([]);
  });

  it('takes what is handed out late as it is by then', () => {
    const late = ({ deliveries }: Run): void => {
      const [first, second] = [at(deliveries, 1), at(deliveries, 3)];
      deliveries.splice(1, 1, { ...first, body: 'One' });
      deliveries.splice(3, 1, { ...second, body: '', clientMsgId: '' });
      // Overtaken by the next edit.
      deliveries.splice(7, 1, { ...at(deliveries, 7), act: { type: 'edit', target: 1, text: '' } });
    };
    expect(doctored(late)).toEqual([]);
  });

  it('finds an acknowledged act that is gone, stored twice, or stored as another one', () => {
    expect(doctored(({ events }) => events.pop())).toContain('lost');
    expect(doctored(({ events }) => events.push({ ...at(events, 9), seq: 11 }))).toContain('duplicate');
    const other = { type: 'pin', target: 1, isRemoved: false } as const;
    expect(doctored(({ events }) => events.splice(9, 1, { ...at(events, 9), act: other }))).toContain('divergent');
  });

  it('finds an act that nobody did, or that was refused', () => {
    const what: MessageAct = { type: 'react', target: 3, reaction: '!', isRemoved: false };
    expect(doctored(({ events }) => events.push(act(11, 'ann', what)[0]))).toContain('phantom');
    const refuse = (run: Run): void => {
      done('ann', what)(run);
      run.sends.push({ ...at(run.sends, 10), outcome: { type: 'refused', code: 'TOO_LATE', at: 999 } });
      run.sends.splice(10, 1);
    };
    expect(doctored(refuse)).toContain('phantom');
  });

  it('finds a message that is gone although nobody took it away, and one that is not', () => {
    expect(doctored(({ events }) => events.splice(2, 1, { ...at(events, 2), body: '', clientMsgId: '' }))).toContain('divergent');
    expect(doctored(({ events }) => events.splice(1, 1, { ...at(events, 1), body: 'two', clientMsgId: 'm2' }))).toContain('divergent');
  });

  it('finds a message with a text that nobody gave it, in history or handed out', () => {
    expect(doctored(({ events }) => events.splice(0, 1, { ...at(events, 0), body: 'forged' }))).toContain('divergent');
    expect(doctored(({ deliveries }) => deliveries.splice(0, 1, { ...at(deliveries, 0), body: 'forged' }))).toEqual(['divergent']);
  });

  it('finds the first copy of a message that was stored twice and then removed', () => {
    const twice = ({ events, deliveries }: Run): void => {
      events.push({ seq: 11, sender: 'bob', clientMsgId: '', body: '' });
      deliveries.push({ ...at(deliveries, 3), seq: 11, at: 999 });
    };
    expect(doctored(twice)).toContain('duplicate');
  });
});

describe('checkStates', () => {
  it.each<[string, (messages: Map<number, SeenMessage>) => unknown, AnomalyType]>([
    ['an older text', (messages) => messages.set(1, seen({ text: 'ONE', reactions: new Map([['+', 1]]) })), 'divergent'],
    ['a reaction too many', (messages) => messages.set(1, seen({ text: 'One', reactions: new Map([['+', 2]]) })), 'divergent'],
    ['no reaction', (messages) => messages.set(1, seen({ text: 'One' })), 'divergent'],
    ['what was recalled', (messages) => messages.set(2, seen({ text: 'two' })), 'divergent'],
    ['no pin', (messages) => messages.set(3, seen({ text: 'three' })), 'divergent'],
    ['a message not at all', (messages) => messages.delete(3), 'missing'],
  ])('finds a server or a device that shows %s', (_name, change, type) => {
    for (const index of [0, 1]) expect(doctored(({ views }) => change(at(views, index).messages))).toEqual([type]);
  });

  it.each<[string, string, MessageAct]>([
    ['a reaction that was there', 'ann', { type: 'react', target: 1, reaction: '+', isRemoved: false }],
    ['the end of a reaction that was not', 'bob', { type: 'react', target: 1, reaction: '+', isRemoved: true }],
    ['an edit of what is gone', 'bob', { type: 'edit', target: 2, text: 'again' }],
    ['a second recall', 'bob', { type: 'recall', target: 2 }],
    ['a pin that was there', 'ann', { type: 'pin', target: 3, isRemoved: false }],
    ["a recall of somebody else's message", 'bob', { type: 'recall', target: 3 }],
    ["an edit of somebody else's message", 'bob', { type: 'edit', target: 3, text: 'three' }],
  ])('finds a place for %s', (_name, sender, what) => {
    expect(doctored(done(sender, what))).toContain('unexplained');
  });

  it('pushes the oldest of eleven pins out', () => {
    const pins = ({ events, sends, views }: Run): void => {
      for (let seq = 11; seq <= 21; seq++) {
        const send = { ...at(sends, 0), clientMsgId: `p${seq}`, body: `${seq}`, invokedAt: seq * 10 };
        sends.push({ ...send, outcome: { type: 'ok', seq, at: seq * 10 + 5 } });
        events.push({ seq, sender: 'ann', clientMsgId: `p${seq}`, body: `${seq}` });
      }
      for (let seq = 22; seq <= 31; seq++) {
        const [event, done] = act(seq, 'ann', { type: 'pin', target: seq - 11, isRemoved: false });
        events.push(event);
        sends.push(done);
      }
      for (const { messages } of views) {
        for (let seq = 11; seq <= 21; seq++) messages.set(seq, seen({ text: `${seq}`, isPinned: seq < 21 }));
        messages.set(3, seen({ text: 'three' }));
      }
    };
    expect(doctored(pins)).toEqual([]);
    expect(doctored((run) => [pins(run), at(run.views, 0).messages.set(3, seen({ text: 'three', isPinned: true }))])).toEqual([
      'divergent',
    ]);
  });

  it('finds an act that was refused although its message is there', () => {
    const refuse = ({ sends }: Run): void => {
      const what: MessageAct = { type: 'react', target: 3, reaction: '!', isRemoved: false };
      sends.push({ ...act(11, 'bob', what)[1], outcome: { type: 'refused', code: 'MESSAGE_NOT_FOUND', at: 999 } });
    };
    expect(doctored(refuse)).toEqual(['lost']);
  });

  it('holds members of a group to what they saw all of', () => {
    const group = 'g:team';
    const says = (seq: number, body: string): StoredEvent => ({ seq, sender: 'ann', clientMsgId: `m${seq}`, body });
    const comes = (seq: number, joined: string[], left: string[]): StoredEvent => ({
      ...{ seq, sender: '', clientMsgId: '', body: '', isNotice: true, members: { joined, left } },
    });
    const events: StoredEvent[] = [
      ...[comes(1, ['ann', 'bob'], []), says(2, 'two'), comes(3, [], ['bob'])],
      ...[says(4, 'four'), { ...says(5, ''), act: { type: 'edit', target: 2, text: 'TWO' } } as const, comes(6, ['bob'], [])],
      says(7, 'seven'),
    ];
    const shown = (...texts: readonly (readonly [number, string])[]): MessageView => ({
      ...{ observer: 'b', user: 'bob', conversation: group },
      messages: new Map(texts.map(([seq, text]) => [seq, seen({ text })])),
    });
    const found = (view: MessageView): AnomalyType[] =>
      checkStates({ sends: [], deliveries: [], history: new Map([[group, events]]), views: [view] }).map(({ type }) => type);
    expect(found(shown([2, 'two'], [7, 'seven']))).toEqual([]);
    expect(found(shown([2, 'TWO'], [7, 'seven']))).toEqual([]);
    expect(found(shown([2, 'two'], [7, 'six']))).toEqual(['divergent']);
    expect(found(shown([2, 'two']))).toEqual(['missing']);
    expect(found(shown([2, 'two'], [4, 'four'], [7, 'seven']))).toEqual(['trespass']);
  });
});
