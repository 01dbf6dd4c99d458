import type { AggregateName } from '@parley/aggregates';
import type { Room } from '@parley/domain';
import { type AppId, type Clock, limits, type RoomId, sleep, type UserId } from '@parley/kernel';
import type { Logger } from '@parley/telemetry';
import { MembershipCause } from '@parley/wire';
import { roomLimits } from '../limits.js';
import type { RoomMetrics } from '../metrics.js';
import type { PresencePort, RoomsView } from '../ports.js';

export interface PresenceSweepDeps {
  readonly view: Pick<RoomsView, 'aggregates' | 'read' | 'execute'>;
  readonly presence: PresencePort;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RoomMetrics;
}

/** Users of one app who are asked about together, with the rooms that they are in. */
type Question = Map<string, AggregateName[]>;

/** Users who have been away from a room for too long. */
interface Leaving {
  readonly name: AggregateName;
  readonly users: UserId[];
}

/**
 * Looks every few seconds which members have no connection, and lets those out who had none for
 * `limits.roomOfflineAfterMs`. Only what was seen counts: whoever is not asked about, or asked about in vain,
 * is there. A new owner starts to count anew.
 */
export class PresenceSweep {
  readonly #deps: PresenceSweepDeps;
  /** Since when a user is seen without a connection, on the monotonic clock. */
  readonly #absentSince = new Map<string, number>();
  #isKnown = true;

  constructor(deps: PresenceSweepDeps) {
    this.#deps = deps;
  }

  /** A user who comes in is there. */
  entered(app: string, user: string): void {
    this.#absentSince.delete(keyOf(app, user));
  }

  /** Sweeps until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#deps;
    while (!signal.aborted) {
      try {
        await sleep(clock, roomLimits.presenceEveryMs, signal);
        await this.#sweep(signal);
      } catch (error) {
        if (!signal.aborted) logger.error('a sweep for members without a connection failed', {}, error);
      }
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const absent = new Set<string>();
    let isFirst = true;
    for (const { app, question } of this.#questions()) {
      if (!isFirst) await sleep(this.#deps.clock, roomLimits.presencePauseMs, signal);
      isFirst = false;
      for (const key of await this.#ask(app, question, signal)) absent.add(key);
    }
    // Whoever was not found absent now is there, or in no room here any more.
    for (const key of this.#absentSince.keys()) if (!absent.has(key)) this.#absentSince.delete(key);
  }

  /** All members in bounded parts; live, so that a sweep needs no copy of them. */
  *#questions(): Generator<{ readonly app: string; readonly question: Question }> {
    const open = new Map<string, Question>();
    for (const [name, room] of this.#deps.view.aggregates()) {
      for (const user of membersOf(room)) {
        const question = open.get(name.app) ?? new Map<string, AggregateName[]>();
        open.set(name.app, question);
        const rooms = question.get(user);
        if (rooms === undefined) question.set(user, [name]);
        else rooms.push(name);
        if (question.size < roomLimits.presenceUsersMax) continue;
        open.delete(name.app);
        yield { app: name.app, question };
      }
    }
    for (const [app, question] of open) yield { app, question };
  }

  /** Lets those out who were absent for too long; answers who was found absent. */
  async #ask(app: string, question: Question, signal: AbortSignal): Promise<readonly string[]> {
    const online = await this.#onlineOf(app, [...question.keys()], signal);
    if (online === undefined) return [];
    const nowMs = this.#deps.clock.monotonic();
    const absent: string[] = [];
    const leaving = new Map<string, Leaving>();
    for (const [user, rooms] of question) {
      if (online.has(user)) continue;
      const key = keyOf(app, user);
      absent.push(key);
      const since = this.#absentSince.get(key);
      if (since === undefined) this.#absentSince.set(key, nowMs);
      else if (nowMs - since >= limits.roomOfflineAfterMs) for (const name of rooms) addTo(leaving, name, user as UserId);
    }
    await Promise.all([...leaving.values()].map((left) => this.#letOut(left)));
    return absent;
  }

  /** Undefined when nobody knows. */
  async #onlineOf(app: string, users: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
    const { presence, logger, metrics } = this.#deps;
    try {
      const online = await presence.online(app, users, signal);
      metrics.presenceKnown.add(1);
      this.#isKnown = true;
      return online;
    } catch (error) {
      signal.throwIfAborted();
      metrics.presenceUnknown.add(1);
      if (this.#isKnown) logger.warn('the routers do not say who is connected; all members count as present', {}, error);
      this.#isKnown = false;
      return undefined;
    }
  }

  /** By commands of bounded size that go into one batch. */
  async #letOut({ name, users }: Leaving): Promise<void> {
    const parts: Promise<void>[] = [];
    const { leaveUsersMax } = roomLimits;
    for (let at = 0; at < users.length; at += leaveUsersMax) parts.push(this.#leave(name, users.slice(at, at + leaveUsersMax)));
    await Promise.all(parts);
  }

  async #leave({ app, conversation }: AggregateName, users: readonly UserId[]): Promise<void> {
    const { view, metrics, logger } = this.#deps;
    const head = { app: app as AppId, room: conversation.slice(2) as RoomId };
    const command = { type: 'leave', ...head, users, cause: MembershipCause.OFFLINE } as const;
    try {
      await view.execute({ app, conversation }, (stamp) => ({ ...command, ...stamp }), { when: 'committed' });
      metrics.offline.add(users.length);
    } catch (error) {
      // They are found again by the next sweep.
      logger.debug('members without a connection could not leave yet', { app, conversation, cause: String(error) });
    }
  }
}

/** Pages, because the room goes on changing while a sweep waits for answers. */
function* membersOf(room: Room): Generator<string> {
  if (room.type !== 'open') return;
  for (let after = ''; ; ) {
    const users = room.members.page(after, roomLimits.presenceUsersMax);
    yield* users;
    const last = users.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

function addTo(leaving: Map<string, Leaving>, name: AggregateName, user: UserId): void {
  const left = leaving.get(name.conversation);
  if (left === undefined) leaving.set(name.conversation, { name, users: [user] });
  else left.users.push(user);
}

const keyOf = (app: string, user: string): string => `${app}/${user}`;
