import { describe, expect, it } from '@jest/globals';
import { createLaneCommand } from '@parley/contracts/events';
import fc from 'fast-check';
import type { Question } from './questions.js';
import { chainOf, WaitingCommands } from './waiting-commands.js';

const openQuestion = (): Question => ({
  isOpen: true,
  failure: undefined,
  prior: undefined,
  targets: new Map(),
  former: undefined,
  floorSeq: 0,
  onSettled: undefined,
});

const commandOf = (sender: string, id: number) =>
  createLaneCommand({ app: 'app', conversation: 'g:team', body: { type: 'send', value: { sender, clientMsgId: `${id}` } } });

function settle(question: Question): void {
  question.isOpen = false;
  question.onSettled?.();
}

describe('commands that wait', () => {
  it('come in the order of their sender, all of them, in whatever order answers come', () => {
    const wait = fc.record({ sender: fc.constantFrom('ann', 'bob', 'eve'), asks: fc.boolean() });
    fc.assert(
      fc.property(fc.array(wait, { maxLength: 30 }), fc.infiniteStream(fc.nat()), (waits, choices) => {
        const waiting = new WaitingCommands(100);
        const questions = waits.map(({ asks }) => (asks ? openQuestion() : undefined));
        const taken: { sender: string; id: number }[] = [];
        const drain = (): void => {
          for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
            if (next.command.body?.type !== 'send') throw new Error('no message');
            const { sender, clientMsgId } = next.command.body.value;
            expect(next.question?.isOpen).not.toBe(true);
            taken.push({ sender, id: Number(clientMsgId) });
          }
        };
        for (const [id, { sender }] of waits.entries()) {
          const command = commandOf(sender, id);
          const chain = chainOf('medium', command);
          // As the router does: what waits for nothing and nobody is not put aside.
          if (questions[id] === undefined && !waiting.holds(chain)) taken.push({ sender, id });
          else waiting.add(chain, { lane: 'medium', command, question: questions[id] });
        }
        const open = questions.filter((question) => question !== undefined);
        while (open.length > 0) {
          const [question] = open.splice((choices.next().value ?? 0) % open.length, 1);
          if (question !== undefined) settle(question);
          drain();
        }
        expect(waiting.size).toBe(0);
        for (const name of ['ann', 'bob', 'eve']) {
          const sent = [...waits.keys()].filter((id) => waits[id]?.sender === name);
          expect(taken.filter(({ sender }) => sender === name).map(({ id }) => id)).toEqual(sent);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('keep their place when they must be asked about once more', () => {
    const waiting = new WaitingCommands(10);
    const [first, second] = [openQuestion(), openQuestion()];
    const chain = chainOf('medium', commandOf('ann', 0));
    waiting.add(chain, { lane: 'medium', command: commandOf('ann', 0), question: first });
    waiting.add(chain, { lane: 'medium', command: commandOf('ann', 1), question: undefined });
    settle(first);
    const taken = waiting.take();
    if (taken === undefined) throw new Error('nothing was ready');
    waiting.putBack(chain, { ...taken, question: second });
    expect(waiting.take()).toBeUndefined();
    settle(second);
    expect([waiting.take()?.command, waiting.take()?.command]).toEqual([commandOf('ann', 0), commandOf('ann', 1)]);
  });

  it('have a limit', () => {
    const waiting = new WaitingCommands(1);
    expect(waiting.hasRoom).toBe(true);
    waiting.add('a', { lane: 'medium', command: commandOf('ann', 0), question: openQuestion() });
    expect(waiting.hasRoom).toBe(false);
  });
});
