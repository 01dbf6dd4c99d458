import { describe, expect, it } from '@jest/globals';
import { checkHistory } from './check-history.js';
import type { AnomalyType, ObservedDelivery, ObservedSend, Observations, StoredEvent } from './observations.js';

const conversation = 'u:ann|bob';

/** Three messages, sent one after the other, stored, and handed to both devices. */
function sound(): { sends: ObservedSend[]; deliveries: ObservedDelivery[]; events: StoredEvent[] } {
  const numbers = [1, 2, 3];
  return {
    sends: numbers.map((n) => ({
      sender: 'ann',
      device: 'a',
      conversation,
      clientMsgId: `m${n}`,
      body: `b${n}`,
      priority: 'MEDIUM',
      invokedAt: n * 10,
      outcome: { type: 'ok', seq: n, at: n * 10 + 5 },
    })),
    deliveries: numbers.flatMap((n) =>
      ['a', 'b'].map((device) => ({
        device,
        user: device,
        conversation,
        seq: n,
        sender: 'ann',
        clientMsgId: `m${n}`,
        body: `b${n}`,
        at: n,
      })),
    ),
    events: numbers.map((n) => ({ seq: n, sender: 'ann', clientMsgId: `m${n}`, body: `b${n}` })),
  };
}

function typesIn({ sends, deliveries, events }: ReturnType<typeof sound>): AnomalyType[] {
  const observations: Observations = {
    sends,
    deliveries,
    history: new Map([[conversation, events]]),
    entitlements: ['a', 'b'].map((device) => ({ device, conversation, from: 1, to: 3 })),
  };
  return [...new Set(checkHistory(observations).map(({ type }) => type))];
}

function doctored(change: (run: ReturnType<typeof sound>) => void): AnomalyType[] {
  const run = sound();
  change(run);
  return typesIn(run);
}

const at = <T>(items: T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

describe('checkHistory', () => {
  it('lets who has left find an empty place where a message was put into other words since, and only there', () => {
    const empty = { sender: '', clientMsgId: '', body: '' };
    const edit = { seq: 4, sender: 'ann', clientMsgId: 'e', body: '', act: { type: 'edit', target: 2, text: 'b2, new' } } as const;
    const found = (seq: number) => (run: ReturnType<typeof sound>) => {
      run.events.push(edit);
      const index = run.deliveries.findIndex((delivery) => delivery.device === 'b' && delivery.seq === seq);
      run.deliveries.splice(index, 1, { ...at(run.deliveries, index), ...empty });
    };
    expect(doctored(found(2))).not.toContain('divergent');
    expect(doctored(found(3))).toContain('divergent');
  });

  it('has nothing to say about a sound run', () => {
    expect(typesIn(sound())).toEqual([]);
  });

  it('accepts a send of unknown outcome, stored or not', () => {
    expect(
      doctored(({ sends }) => sends.push({ ...at(sends, 2), clientMsgId: 'm4', outcome: { type: 'unknown' }, invokedAt: 40 })),
    ).toEqual([]);
    expect(doctored(({ sends }) => sends.splice(2, 1, { ...at(sends, 2), outcome: { type: 'unknown' } }))).toEqual([]);
  });

  it('finds an acknowledged message that is gone', () => {
    expect(doctored(({ events }) => events.pop())).toContain('lost');
  });

  it('finds a message that nobody sent', () => {
    expect(doctored(({ events }) => events.push({ seq: 4, sender: 'eve', clientMsgId: 'x', body: '' }))).toEqual(['phantom']);
  });

  it('finds a refused message that was stored all the same', () => {
    const refuse = ({ sends }: ReturnType<typeof sound>): unknown =>
      sends.splice(0, 1, { ...at(sends, 0), outcome: { type: 'refused', code: 'RATE_LIMITED', at: 15 } });
    expect(doctored(refuse)).toEqual(['phantom']);
  });

  it('finds a message that was stored twice', () => {
    expect(doctored(({ events }) => events.push({ ...at(events, 0), seq: 4 }))).toContain('duplicate');
  });

  it('finds a message that was handed out twice', () => {
    expect(doctored(({ deliveries }) => deliveries.push({ ...at(deliveries, 0), at: 99 }))).toEqual(['duplicate']);
  });

  it('finds messages handed out in another order', () => {
    expect(doctored(({ deliveries }) => deliveries.reverse())).toEqual(['reordered']);
  });

  it('finds a place before one that was acknowledged earlier', () => {
    const swap = ({ sends, events, deliveries }: ReturnType<typeof sound>): void => {
      const [first, second] = [at(events, 0), at(events, 1)];
      events.splice(0, 2, { ...second, seq: 1 }, { ...first, seq: 2 });
      sends.splice(
        0,
        2,
        { ...at(sends, 0), outcome: { type: 'ok', seq: 2, at: 15 } },
        { ...at(sends, 1), outcome: { type: 'ok', seq: 1, at: 25 } },
      );
      deliveries.length = 0;
    };
    expect(doctored(swap)).toContain('reordered');
  });

  it.each([
    [false, ['reordered']],
    [true, []],
  ] as const)('finds sends of one device that overtook each other before they were acknowledged; postponed: %s', (wasPostponed, found) => {
    const overtake = ({ sends, events, deliveries }: ReturnType<typeof sound>): void => {
      const [first, second] = [at(events, 0), at(events, 1)];
      events.splice(0, 2, { ...second, seq: 1 }, { ...first, seq: 2 });
      const unknown = { type: 'unknown' } as const;
      sends.splice(0, 2, { ...at(sends, 0), outcome: unknown, wasPostponed }, { ...at(sends, 1), outcome: unknown });
      deliveries.length = 0;
    };
    expect(doctored(overtake).filter((type) => type !== 'missing')).toEqual(found);
  });

  it('finds observers that disagree', () => {
    expect(doctored(({ deliveries }) => deliveries.splice(1, 1, { ...at(deliveries, 1), body: 'forged' }))).toEqual(['divergent']);
  });

  it('finds a hole in the order', () => {
    expect(doctored(({ events }) => events.splice(1, 1))).toContain('gap');
  });

  it('finds a device that never got a message', () => {
    expect(doctored(({ deliveries }) => deliveries.pop())).toEqual(['missing']);
  });
});
