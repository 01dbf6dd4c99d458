import type { RoomBanned } from '@parley/contracts/events';
import { limits, ok, refused } from '@parley/kernel';
import { MembershipCause, RoomRole } from '@parley/wire';
import { refusalOfName } from '../display-name.js';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { departure, presentOf } from './departure.js';
import { invalid, noChange, type RoomDecision, type RoomDraft, type RoomFold } from './draft.js';
import { refusalOfOperator, refusalOfRank, roleOf } from './roles.js';
import { runningRules } from './running-rules.js';

/** Makes users leave: all of those who are in, or nobody when one of them may not be kicked. */
export function decideKick(room: OpenRoom, { operator, users }: RoomCommandOf<'kick'>): RoomDecision {
  const denied = refusalOfOperator(room, operator, RoomRole.MODERATOR);
  if (denied !== undefined) return refused(denied);
  if (users.length > limits.roomKickMax) return invalid(`users: at most ${limits.roomKickMax}`);
  const kicked = presentOf(room, users);
  for (const user of kicked) {
    const outranked = refusalOfRank(room, operator, roleOf(room, user));
    if (outranked !== undefined) return refused(outranked);
  }
  return kicked.length === 0 ? noChange : ok(departure(room, operator, { users: kicked, cause: MembershipCause.KICKED }));
}

/** Keeps a user out for a while, who leaves if he is in; or lifts that. */
export function decideBan(room: OpenRoom, { operator, user, durationMs, timeMs }: RoomCommandOf<'ban'>): RoomDecision {
  const denied = refusalOfOperator(room, operator, RoomRole.MODERATOR) ?? refusalOfRank(room, operator, roleOf(room, user));
  if (denied !== undefined) return refused(denied);
  if (durationMs > limits.roomBanMsMax) return invalid(`duration_ms: at most ${limits.roomBanMsMax}`);
  const { bans } = runningRules(room, timeMs);
  const banned = (untilMs: number): RoomDraft => ({ operator, change: { type: 'banned', value: { user, untilMs } } });
  if (durationMs === 0) return bans.has(user) ? ok([banned(0)]) : noChange;
  if (!bans.has(user) && bans.size >= limits.roomBansMax) return invalid(`user: at most ${limits.roomBansMax} users are banned`);
  const leaving = room.members.has(user) ? departure(room, operator, { users: [user], cause: MembershipCause.BANNED }) : [];
  return ok([banned(timeMs + durationMs), ...leaving]);
}

/** Whether the user may not come in at that time. */
export const isBanned = (room: OpenRoom, user: string, nowMs: number): boolean => (room.bans.get(user) ?? 0) > nowMs;

/** Bans after one was put or lifted; those that are over go with it. */
export function foldBanned(room: OpenRoom, { user, untilMs }: RoomBanned, timeMs: number): RoomFold {
  return runningRules({ ...room, bans: new Map(room.bans).set(user, untilMs) }, timeMs);
}

export function decideRename(room: OpenRoom, { operator, name }: RoomCommandOf<'rename'>): RoomDecision {
  const wrong = refusalOfOperator(room, operator, RoomRole.MODERATOR) ?? refusalOfName(name);
  if (wrong !== undefined) return refused(wrong);
  return name === room.name ? noChange : ok([{ operator, change: { type: 'renamed', value: { name } } }]);
}
