import { describe, expect, it } from '@jest/globals';
import { checkMembers, type ObservedPassage } from './check-members.js';
import type { AnomalyType, ObservedDelivery, StoredEvent } from './observations.js';

const conversation = 'g:team';

interface Run {
  events: StoredEvent[];
  deliveries: ObservedDelivery[];
  passages: ObservedPassage[];
  members: string[];
}

const passes = (seq: number, joined: string[], left: string[] = []): StoredEvent => ({
  ...{ seq, sender: '', clientMsgId: '', body: '', isNotice: true, members: { joined, left } },
});
const says = (seq: number): StoredEvent => ({ seq, sender: 'ann', clientMsgId: `m${seq}`, body: `${seq}` });
const handed = (seq: number): ObservedDelivery => ({
  ...{ device: 'b', user: 'bob', conversation, seq, sender: 'ann', clientMsgId: `m${seq}`, body: `${seq}`, at: seq },
});
const wish = (type: ObservedPassage['type'], outcome: ObservedPassage['outcome'] = 'ok'): ObservedPassage => ({
  ...{ user: 'bob', conversation, type, outcome },
});

/** Bob comes, hears one message, goes, misses one, comes back and stays. */
const sound = (): Run => ({
  events: [passes(1, ['ann']), passes(2, ['bob']), says(3), passes(4, [], ['bob']), says(5), passes(6, ['bob']), says(7)],
  deliveries: [handed(3), handed(7)],
  passages: [wish('in'), wish('out'), wish('in')],
  members: ['bob', 'ann'],
});

function doctored(change: (run: Run) => unknown): AnomalyType[] {
  const run = sound();
  change(run);
  const { events, deliveries, passages, members } = run;
  const found = checkMembers({
    deliveries,
    passages,
    history: new Map([[conversation, events]]),
    members: new Map([[conversation, members]]),
  });
  return found.map(({ type }) => type);
}

describe('checkMembers', () => {
  it('has nothing to say about a sound run', () => {
    expect(doctored(() => {})).toEqual([]);
  });

  it('finds a message, or an act, that was handed to who was out', () => {
    expect(doctored(({ deliveries }) => deliveries.push(handed(5)))).toEqual(['trespass']);
    const act = { type: 'recall', target: 3 } as const;
    expect(doctored(({ deliveries }) => deliveries.push({ ...handed(5), body: '', act }))).toEqual(['trespass']);
  });

  it('finds something of two that a third one was handed', () => {
    expect(doctored(({ deliveries }) => deliveries.push({ ...handed(1), conversation: 'u:ann|eve' }))).toEqual(['trespass']);
    expect(doctored(({ deliveries }) => deliveries.push({ ...handed(1), conversation: 'u:ann|bob' }))).toEqual([]);
  });

  it('finds somebody who came twice, or went without having come', () => {
    expect(doctored((run) => run.events.push(passes(8, ['bob'])))).toContain('unexplained');
    expect(doctored((run) => run.events.push(passes(8, [], ['eve'])))).toEqual(['unexplained']);
  });

  it('finds somebody who came more often than was wished for', () => {
    expect(doctored((run) => run.events.push(passes(8, [], ['bob']), passes(9, ['bob'])))).toEqual(['duplicate']);
    expect(doctored((run) => run.passages.splice(0, 1, wish('in', 'refused')))).toEqual(['duplicate']);
  });

  it('finds a list of members that the order does not lead to', () => {
    expect(doctored((run) => run.members.pop())).toEqual(['divergent']);
  });

  it('finds a passage that was answered and did not last', () => {
    expect(doctored((run) => run.passages.push(wish('out')))).toEqual(['lost']);
    expect(doctored((run) => run.passages.push(wish('out', 'unknown')))).toEqual([]);
  });
});
