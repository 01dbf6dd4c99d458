import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@parley/kernel';
import { Load } from '../load/load.js';
import { reportLine } from '../load/report-line.js';
import type { BackEnd } from '../world/back-end.js';
import { eventually } from '../world/eventually.js';
import { withOutputs } from '../world/with-outputs.js';
import { between, type World } from '../world/world.js';
import { type HistoryPrint, type PrintScope, takePrint } from './history-print.js';

/** G15: after faults stop, everything holds again within this time. */
const recoveredWithinMs = 60_000;
/** Of a test that begins a history anew several times; on Cassandra each time takes some seconds. */
const testWithinMs = 150_000;
const numbers = (to: number): readonly number[] => Array.from({ length: to }, (_, index) => index + 1);

/** G5: a history that was wiped is the same again, and who had read the old one is told to start over. */
export function describeRebuild(world: () => World): void {
  describe('G5 a rebuilt history', () => {
    const itTakesLong = (name: string, test: () => Promise<void>): void => it(name, test, testWithinMs);
    let former: FormerTraffic | undefined;
    itTakesLong('is what it was, wiped in the middle of traffic, and loses and repeats nothing to anybody', () =>
      withOutputs(world().deployment, async () => {
        const backEnd = world().backEnd();
        const still = await stillLife(world());
        const before = await takePrint(backEnd, still);
        using load = await Load.prepare(world(), { users: 3, groups: 1, seed: 21 });
        load.start();
        await load.more('acknowledged', 80);
        const began = systemClock.monotonic();
        const rebuilding = load.whileHistoryIsRebuilt(() => rebuild(backEnd));
        await load.roundTrips();
        const epoch = await rebuilding;
        const wipedMs = systemClock.monotonic() - began;
        await load.roundTrips();
        const servedMs = systemClock.monotonic() - began;
        // Whoever comes back asks what was missed, and is told that it is another history.
        const [first] = load.actors;
        await first?.reconnect();
        await first?.until('the news', () => (load.resets > 0 ? true : undefined));
        await load.more('acts', 10);
        const { anomalies, stragglers, ...figures } = await load.settle();
        reportLine(`wiped after ${Math.round(wipedMs)} ms, everybody served after ${Math.round(servedMs)} ms; ${JSON.stringify(figures)}`);
        expect({ stragglers, anomalies: anomalies.slice(0, 20) }).toEqual({ stragglers: [], anomalies: [] });
        expect(servedMs).toBeLessThan(recoveredWithinMs);
        expect(await eventually('the history of before', () => takePrint(backEnd, still))).toEqual(before);
        const users = [...still.users, ...new Set(load.actors.map(({ user }) => user))];
        former = { epoch, conversations: [...still.conversations, ...load.conversations], users };
      }),
    );

    itTakesLong(
      'is what it was, wiped at rest; clients that stay go on in order, and are told with the next sync to start over',
      async () => {
        const scope = former;
        if (scope === undefined) throw new Error('there is no traffic to compare');
        const backEnd = world().backEnd();
        const [ann, bob] = world().ids('ann', 'bob');
        const conversation = between(ann, bob);
        const [sender, receiver] = [await world().join(ann), await world().join(bob)];
        const say = async (from: number, to: number): Promise<void> => {
          for (let n = from; n <= to; n++) await sender.send(conversation, `${n}`);
        };
        await say(1, 5);
        await receiver.reaches(conversation, 5);
        let resets = 0;
        receiver.client.on('historyReset', () => resets++);
        // What the clients of the traffic had collected, they have told in the end.
        const atRest = await restingPrint(backEnd, scope);
        expect(await rebuild(backEnd)).not.toBe(scope.epoch);
        await say(6, 10);
        await receiver.reaches(conversation, 10);
        expect(receiver.seqsIn(conversation)).toEqual(numbers(10));
        expect(receiver.gaps).toEqual([]);
        receiver.events.length = 0;
        await receiver.reconnect();
        await receiver.until('the news', () => (resets > 0 ? resets : undefined));
        await receiver.reaches(conversation, 10);
        expect(receiver.seqsIn(conversation)).toEqual(numbers(10));
        expect({ resets, gaps: receiver.gaps }).toEqual({ resets: 1, gaps: [] });
        expect(await eventually('the history of the traffic', () => takePrint(backEnd, scope))).toEqual(atRest);
      },
    );
  });
}

/** What there is of a run that is over, and the history that it was read from. */
interface FormerTraffic extends PrintScope {
  readonly epoch: string;
}

async function rebuild(backEnd: BackEnd): Promise<string> {
  return String((await backEnd.call('history/rebuild', { app: undefined }))['epoch']);
}

/** The same twice: nothing is on its way any more. */
async function restingPrint(backEnd: BackEnd, scope: PrintScope): Promise<HistoryPrint> {
  let last: HistoryPrint | undefined;
  return eventually('a history at rest', async () => {
    const print = await takePrint(backEnd, scope);
    const isSame = JSON.stringify(print) === JSON.stringify(last);
    last = print;
    return isSame ? print : undefined;
  });
}

/** A pair and a group in which everything has happened once, and nothing does any more. */
export async function stillLife(world: World): Promise<PrintScope> {
  const backEnd = world.backEnd();
  const users = world.ids('ann', 'bob', 'eve');
  const [ann, bob, eve] = users;
  const group = world.id('group');
  await backEnd.call('group/createGroup', { group, owner: ann, members: [bob], name: 'Before' });
  const conversations = [between(ann, bob), `g:${group}`, `u:${ann}|${ann}`, between(ann, eve)];
  for (const conversation of conversations.slice(0, 2)) await happenings(backEnd, conversation, { ann, bob });
  const change = (operation: object) => backEnd.call('group/changeGroup', { group, operation });
  await change({ updateInfo: { name: { text: 'After' }, notice: { text: 'Friday' } } });
  await change({ setRole: { user: bob, role: 'GROUP_ROLE_ADMIN' } });
  await backEnd.invite(group, eve);
  await backEnd.say(`g:${group}`, 'welcome');
  await change({ kick: { users: [eve] } });
  await backEnd.call('user/updateUser', { user: ann, change: { name: { text: 'Ann' } } });
  await backEnd.call('user/changeRelations', { user: ann, others: [bob], step: { add: { alias: 'Bobby' } } });
  await backEnd.call('user/changeRelations', { user: ann, others: [eve], step: { block: { isOn: true } } });
  return { conversations, users };
}

/** Everything that users do to messages and to their own view of a conversation. */
async function happenings(
  backEnd: BackEnd,
  conversation: string,
  { ann, bob }: { readonly ann: string; readonly bob: string },
): Promise<void> {
  const say = async (sender: string, text: string, options: object = {}): Promise<string> =>
    String((await backEnd.call('router/sendMessage', { conversation, sender, content: { text: { text } }, options }))['seq']);
  const act = (sender: string, kind: object) => backEnd.call('router/act', { conversation, sender, act: kind });
  const first = await say(ann, 'first');
  const second = await say(bob, 'second', { mentions: { users: [ann] }, reply: { seq: first } });
  const third = await say(ann, 'third', { needsReceipt: true });
  await act(ann, { edit: { seq: first, content: { text: { text: 'First' } } } });
  await act(ann, { edit: { seq: first, content: { text: { text: 'First.' } } } });
  await act(bob, { react: { seq: first, reaction: '+' } });
  await act(ann, { react: { seq: first, reaction: '+' } });
  await act(bob, { react: { seq: first, reaction: '+', isRemoved: true } });
  await act(ann, { pin: { seq: third } });
  await act(ann, { pin: { seq: first } });
  await act(ann, { recall: { seq: third, reason: 'no' } });
  await act(bob, { cursor: { readSeq: second } });
  await act(ann, { hide: { seqs: [second] } });
  await act(ann, { settings: { changes: [{ draft: { text: 'and then' } }, { pinned: { isOn: true } }, { marks: { marks: [3] } }] } });
  await act('', { rules: { destroyAfterMs: '86400000' } });
  await say(bob, 'last', { mentions: { isEveryone: true } });
}
