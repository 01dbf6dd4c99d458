import { describe, expect, it } from '@jest/globals';
import type { ParleyClientError } from '@parley/sdk';
import type { Level } from '@parley/test-bench/protocol';
import { reportLine } from '../load/report-line.js';
import { soakRounds } from '../soak.js';
import { Crowd } from '../usecases/crowd.js';
import { idsIn } from '../usecases/ids-in.js';
import { MessageBook } from '../usecases/message-book.js';
import { offerMix } from '../usecases/offer-mix.js';
import { ServerCounters } from '../usecases/server-counters.js';
import { accountInWords, percentile } from '../usecases/words.js';
import type { World } from '../world/world.js';

const app = 1;
const members = 40;
const levels: readonly Level[] = ['high', 'medium', 'low'];
/** More than any machine carries, so that nothing but the load decides. */
const boundless = {
  client: { high: { perSecond: 10_000 }, medium: { perSecond: 10_000 }, low: { perSecond: 10_000 } },
  room: { perSecond: 1_000_000, mediumPercent: 100, lowPercent: 100 },
};
const floodSeconds = soakRounds({ short: 2, full: 60 });

/** G7: an accepted HIGH message is never dropped, at any load; every other message is accounted for. */
export function describePriority(world: () => World): void {
  describe('G7 priority', () => {
    it('drops no accepted HIGH message and accounts for every other while much more comes than can be carried', async () => {
      await using flood = await Flood.prepare(world());
      const { book, crowd, to } = flood;
      const lateMs = await offerMix(crowd, book, {
        to,
        bullets: ['low', 'medium'],
        perSecond: { high: 100, medium: 500, low: 6_000 },
        seconds: floodSeconds,
      });
      await book.settled();
      const counters = await flood.counters.read();
      for (const level of levels) {
        const account = book.account(level);
        reportLine(`${level}: ${accountInWords(account)}`);
        const { offered, accepted, unanswered, lost, doubled, contradicted } = account;
        expect({ level, unanswered, lost, doubled, contradicted }).toEqual({ level, unanswered: 0, lost: 0, doubled: 0, contradicted: 0 });
        // As every process counted on its own.
        const ofLevel = (metric: string, labels: object = {}): number => counters(metric, { level, ...labels });
        const atDoor = ofLevel('parley_gateway_not_admitted_total') + ofLevel('parley_gateway_shed_total', { stage: 'gateway' });
        const taken = (...results: string[]): number =>
          results.reduce((sum, result) => sum + ofLevel('parley_router_taken_total', { result }), 0);
        expect({ level, offered }).toEqual({ level, offered: atDoor + ofLevel('parley_gateway_admitted_total') });
        expect({ level, taken: ofLevel('parley_gateway_admitted_total') }).toEqual({ level, taken: ofLevel('parley_router_taken_total') });
        expect({ level, accepted }).toEqual({ level, accepted: taken('stored', 'passed', 'repeat') });
        const shed = taken('shed');
        await book.until(() => book.account(level).told >= shed * members);
        expect(book.account(level).told).toBeGreaterThanOrEqual(shed * members);
      }
      expect(book.account('high')).toMatchObject({ refused: {}, missing: 0, told: 0 });
      expect(book.troubles).toEqual([]);
      const p99Ms = percentile(book.latencies('high'), 99);
      reportLine(`high at all members: p99 ${Math.round(p99Ms)} ms; this process was late by ${Math.round(lateMs)} ms`);
      // Latency says something only where there was time to send when it was due.
      if (floodSeconds > 3 && lateMs < 20) expect(p99Ms).toBeLessThanOrEqual(200);
    }, 180_000);

    it('stores what it accepts of a flood of LOW messages, and lets HIGH ones pass', async () => {
      await using flood = await Flood.prepare(world());
      const { book, crowd, to } = flood;
      await offerMix(crowd, book, { to, bullets: [], perSecond: { high: 60, medium: 0, low: 3_000 }, seconds: 0.5 });
      await book.settled();
      const [high, low] = [book.account('high'), book.account('low')];
      reportLine(`low: ${accountInWords(low)}`);
      for (const { unanswered, missing, told, doubled, contradicted } of [high, low]) {
        expect({ unanswered, missing, told, doubled, contradicted }).toEqual({
          unanswered: 0,
          missing: 0,
          told: 0,
          doubled: 0,
          contradicted: 0,
        });
      }
      expect(high.refused).toEqual({});
      const stored = await idsIn(world().backEnd(app), to);
      expect(stored.toSorted()).toEqual([...book.acceptedIds('high'), ...book.acceptedIds('low')].sort());
    });

    it('tells everybody whom it refuses when to come again, and has room for HIGH meanwhile', async () => {
      const [ann, bob, room] = world().ids('ann', 'bob', 'room');
      const [noisy, other] = [await world().join(ann), await world().join(bob)];
      for (const { client } of [noisy, other]) await client.rooms.enter(room);
      let dropped = 0;
      other.client.on('messagesDropped', ({ low }) => {
        dropped += low;
      });
      const bullets = Array.from({ length: 300 }, (_, n) => noisy.client.room(room).send({ type: 'bullet', text: `${n}` }));
      const gifts = Array.from({ length: 5 }, (_, n) => noisy.client.room(room).send(`gift ${n}`, { priority: 'high' }));
      const refusals: ParleyClientError[] = [];
      for (const { done } of bullets) await done.catch((error: ParleyClientError) => refusals.push(error));
      expect(refusals.length).toBeGreaterThan(0);
      for (const { name, retryable, retryAfterMs } of refusals) {
        expect(['RATE_LIMITED', 'OVERLOADED']).toContain(name);
        expect({ retryable, isTimed: retryAfterMs > 0 }).toEqual({ retryable: true, isTimed: true });
      }
      await Promise.all(gifts.map(({ done }) => done));
      for (let n = 0; n < gifts.length; n++) await other.sees(`r:${room}`, `gift ${n}`);
      // Gifts may overtake them.
      const heard = (): number => other.messagesIn(`r:${room}`).filter(({ content }) => content.type === 'bullet').length;
      const accepted = bullets.length - refusals.length;
      await other.until(`${accepted} bullets`, () => heard() + dropped >= accepted || undefined);
      expect(heard()).toBeLessThanOrEqual(accepted);
    });
  });
}

/** Members of a room that takes whatever they say. */
class Flood implements AsyncDisposable {
  readonly crowd: Crowd;
  readonly book: MessageBook;
  readonly counters: ServerCounters;
  /** Conversation. */
  readonly to: string;

  private constructor(fields: Pick<Flood, 'crowd' | 'book' | 'counters' | 'to'>) {
    this.crowd = fields.crowd;
    this.book = fields.book;
    this.counters = fields.counters;
    this.to = fields.to;
  }

  static async prepare(world: World): Promise<Flood> {
    await world.backEnd(app).call('policy/setPolicy', { policy: boundless });
    const room = world.id('flood');
    const book = new MessageBook(members);
    const crowd = await Crowd.gather(world, { size: members, app, events: book });
    await crowd.enter(room);
    return new Flood({ crowd, book, counters: await ServerCounters.watch(world.deployment), to: `r:${room}` });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.crowd[Symbol.asyncDispose]();
  }
}
