import { type Clock, ParleyError, withTimeout } from '@parley/kernel';
import type { GatewayLimits } from '../limits.js';
import type { LocalUser } from '../sessions/local-user.js';
import type { ChannelTable } from './channel-table.js';
import type { Membership } from './membership.js';

export interface RoomStaysDeps {
  readonly channels: ChannelTable;
  readonly membership: Pick<Membership, 'expect' | 'whenReady'>;
  readonly clock: Clock;
  readonly limits: GatewayLimits;
}

const roomPrefix = 'r:';

/**
 * Which rooms a user is in, as far as this gateway knows: those whose channels the user hears, other devices
 * included, and those that are being entered. Rooms entered at the same moment through other gateways are not
 * counted before their channels are heard here.
 */
export class RoomStays {
  readonly #deps: RoomStaysDeps;

  constructor(deps: RoomStaysDeps) {
    this.#deps = deps;
  }

  /** Channels of the rooms that the user is in. */
  of(user: LocalUser): readonly string[] {
    return user.channels.flatMap(({ id }) => (id.startsWith(roomPrefix) ? [id] : []));
  }

  /** Waits until this gateway has compared the user's channels with history, but not for ever: it only counts then. */
  async whenKnown(user: LocalUser): Promise<void> {
    if (user.isReady) return;
    const { clock, limits, membership } = this.#deps;
    const tooLate = (): Error => new ParleyError('UNAVAILABLE');
    await withTimeout(clock, limits.heardWithinMs, membership.whenReady(user), tooLate).catch(() => undefined);
  }

  /**
   * Lets a user into one more room by `enter`, and resolves with its answer when the room's channel reaches the user.
   * Throws ROOM_LIMIT_REACHED before `enter` is called.
   */
  async enter<T>(user: LocalUser, channel: string, enter: () => Promise<T>): Promise<T> {
    await this.whenKnown(user);
    this.demandRoomFor(user, channel);
    user.entering ??= new Map();
    user.entering.set(channel, Number.POSITIVE_INFINITY);
    const whenHeard = this.#deps.membership.expect(user, channel);
    // Whoever listens before it happens hears it from the channel, and history need not be asked.
    const opened = this.#deps.channels.open(user.app, channel);
    try {
      const answer = await enter();
      await whenHeard();
      // The change itself may still be on its way here.
      user.entering.set(channel, this.#deps.clock.monotonic() + this.#deps.limits.heardWithinMs);
      return answer;
    } catch (error) {
      user.entering.delete(channel);
      if (opened.members.size === 0) opened.unusedSinceMs = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  /** Throws ROOM_LIMIT_REACHED when the user may not be in one room more. `leaving` does not count. */
  demandRoomFor(user: LocalUser, channel: string, leaving?: string): void {
    const { clock, limits } = this.#deps;
    const nowMs = clock.monotonic();
    const counted = new Set(this.of(user));
    for (const [entering, untilMs] of user.entering ?? []) {
      if (untilMs > nowMs) counted.add(entering);
      else user.entering?.delete(entering);
    }
    if (leaving !== undefined) counted.delete(leaving);
    if (counted.has(channel) || counted.size < limits.roomsPerUserMax) return;
    throw new ParleyError('ROOM_LIMIT_REACHED', `rooms: at most ${limits.roomsPerUserMax} per user`);
  }

  /** The user is out: nothing of the room reaches the user any more, and it does not count. */
  left(user: LocalUser, channel: string): void {
    user.entering?.delete(channel);
    this.#deps.channels.get(user.app, channel)?.remove(user, this.#deps.clock.monotonic());
  }
}
