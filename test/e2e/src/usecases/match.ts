import { expect } from '@jest/globals';
import type { Random } from '@parley/kernel';
import type { Actor } from '../world/actor.js';
import type { World } from '../world/world.js';

export interface MatchOptions {
  readonly world: World;
  /** Index of the app. */
  readonly app: number;
  readonly name: string;
  /** An even number of them. */
  readonly players: readonly Actor[];
  readonly random: Random;
}

/** One match: its room, and one room per team, drawn by lot. */
export class Match {
  readonly room: string;
  readonly #options: MatchOptions;
  readonly #teams: readonly { readonly room: string; readonly players: readonly Actor[] }[];

  constructor(options: MatchOptions) {
    const { name, players, random } = options;
    this.#options = options;
    this.room = name;
    const drawn = shuffled(players, random);
    const half = drawn.length / 2;
    this.#teams = [
      { room: `${name}-red`, players: drawn.slice(0, half) },
      { room: `${name}-blue`, players: drawn.slice(half) },
    ];
  }

  /** Everybody comes from the last match, if there was one; some lose the connection while they switch. */
  async gather(last: Match | undefined): Promise<void> {
    await Promise.all(this.#teams.flatMap(({ room, players }) => players.map((player) => this.#move(player, room, last))));
    await this.#expectMembers();
    if (last !== undefined) await last.#expectNobody();
  }

  /** Everybody says something to the team and something to all, and hears what is meant for them. */
  async talk(): Promise<void> {
    const { players } = this.#options;
    await Promise.all(
      this.#teams.flatMap((team) =>
        team.players.flatMap((player) => [
          player.send(`r:${team.room}`, `${player.user} to ${team.room}`),
          player.send(`r:${this.room}`, `${player.user} to all`),
        ]),
      ),
    );
    for (const { room, players: members } of this.#teams) {
      for (const member of members) for (const { user } of members) await member.sees(`r:${room}`, `${user} to ${room}`);
    }
    for (const player of players) for (const { user } of players) await player.sees(`r:${this.room}`, `${user} to all`);
  }

  /** Nobody has heard anything of another team, and everything of the own one once. */
  expectTeamsApart(): void {
    for (const { room, players: members } of this.#teams) {
      const wanted = members.map(({ user }) => `${user} to ${room}`).sort();
      for (const player of this.#options.players) {
        expect(player.textsIn(`r:${room}`).toSorted()).toEqual(members.includes(player) ? wanted : []);
      }
    }
  }

  async end(): Promise<void> {
    for (const { client } of this.#options.players) await client.rooms.leaveAll();
    await this.#expectNobody();
  }

  async #move(player: Actor, team: string, last: Match | undefined): Promise<void> {
    const { rooms } = player.client;
    if (last === undefined) {
      await rooms.enter(this.room);
      await rooms.enter(team);
      return;
    }
    const losesLine = this.#options.random.next() < 0.2;
    if (losesLine) player.line.cutAfter(1 + Math.floor(this.#options.random.next() * 3));
    await switchOver(player, last.room, this.room);
    await switchOver(player, last.#teamOf(player), team);
  }

  #teamOf(player: Actor): string {
    return this.#teams.find(({ players }) => players.includes(player))?.room ?? '';
  }

  /** As the server has it, whatever clients think. */
  async #expectMembers(): Promise<void> {
    const usersOf = (players: readonly Actor[]): readonly string[] => players.map(({ user }) => user).sort();
    for (const { room, players } of this.#teams) expect(await this.#membersOf(room)).toEqual(usersOf(players));
    expect(await this.#membersOf(this.room)).toEqual(usersOf(this.#options.players));
  }

  /** Rooms of users end with their last member. */
  async #expectNobody(): Promise<void> {
    for (const room of [this.room, ...this.#teams.map((team) => team.room)]) {
      await expect(this.#membersOf(room)).rejects.toMatchObject({ name: 'ROOM_NOT_FOUND' });
    }
  }

  async #membersOf(room: string): Promise<unknown> {
    const { world, app } = this.#options;
    return (await world.backEnd(app).call('room/listMembers', { room }))['users'];
  }
}

/** A switch whose outcome is unknown is settled by entering: then the player is there, and only there. */
async function switchOver({ client }: Actor, from: string, to: string): Promise<void> {
  try {
    await client.rooms.switch(from, to);
  } catch {
    await client.rooms.leave(from).catch(() => {});
    await client.rooms.enter(to);
  }
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
