import { systemClock } from '@parley/kernel';
import type { Room } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import type { World } from '../world/world.js';
import { Crowd } from './crowd.js';
import { MessageBook } from './message-book.js';

/** The cohost's seat, which goes when the cohost does. */
export const cohostSeat = 'seat-cohost';

type Cast = Pick<Show, 'room' | 'host' | 'moderator' | 'guests' | 'cohost' | 'crowd' | 'book'>;

/** A live stream with everybody in its room, whose cohost has just vanished from the network. */
export class Show implements AsyncDisposable {
  readonly room: string;
  readonly conversation: string;
  readonly host: Actor;
  readonly moderator: Actor;
  readonly guests: readonly Actor[];
  readonly cohost: Actor;
  readonly crowd: Crowd;
  readonly book: MessageBook;
  /** For each of the stage: after how many milliseconds without the cohost it was told that the seat is free. */
  readonly seatFreed: Promise<readonly number[]>;

  private constructor(fields: Cast) {
    this.room = fields.room;
    this.conversation = `r:${fields.room}`;
    this.host = fields.host;
    this.moderator = fields.moderator;
    this.guests = fields.guests;
    this.cohost = fields.cohost;
    this.crowd = fields.crowd;
    this.book = fields.book;
    this.seatFreed = this.#loseCohost();
  }

  static async open(world: World, viewers: number): Promise<Show> {
    const room = world.id('show');
    const [host, moderator, cohost] = await joinAll(world, 'host', 'moderator', 'cohost');
    const guests = await joinAll(world, 'guest', 'guest', 'guest');
    const made = await host.client.rooms.create({ id: room, name: 'The show', options: { historyAccess: 'recent' } });
    for (const { client } of [moderator, cohost, ...guests]) await client.rooms.join(room);
    await made.setRole(moderator.user, 'moderator');
    const book = new MessageBook(viewers);
    const crowd = await Crowd.gather(world, { size: viewers, events: book });
    await crowd.enter(room);
    await cohost.client.rooms.get(room)?.setAttributes({ [cohostSeat]: cohost.user }, { deleteOnLeave: true });
    for (const actor of [host, moderator, ...guests]) {
      await actor.until('the cohost on the seat', () => actor.client.rooms.get(room)?.attributes.get(cohostSeat));
    }
    return new Show({ room, host, moderator, guests, cohost, crowd, book });
  }

  /** Who is there with an SDK client to the end. */
  get stage(): readonly Actor[] {
    return [this.host, this.moderator, ...this.guests];
  }

  /** The room as a device sees it. */
  seenBy({ client, user }: Actor): Room {
    const room = client.rooms.get(this.room);
    if (room === undefined) throw new Error(`${user} is not in the show`);
    return room;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crowd[Symbol.asyncDispose]();
    for (const { client } of this.stage) client.close();
  }

  #loseCohost(): Promise<readonly number[]> {
    const lostMs = systemClock.monotonic();
    this.cohost.line.cut();
    this.cohost.client.close();
    const freed = this.stage.map(
      ({ client }) =>
        new Promise<number>((resolve) => {
          client.on('roomAttributesUpdated', ({ deleted }) => {
            if (deleted.includes(cohostSeat)) resolve(systemClock.monotonic() - lostMs);
          });
        }),
    );
    return Promise.all(freed);
  }
}

async function joinAll<const Names extends readonly string[]>(world: World, ...names: Names): Promise<{ [Index in keyof Names]: Actor }> {
  const actors: Actor[] = [];
  for (const name of names) actors.push(await world.join(world.id(name)));
  return actors as { [Index in keyof Names]: Actor };
}
