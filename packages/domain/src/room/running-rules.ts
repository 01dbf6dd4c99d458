import { type RoomMute, RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';

type Rules = Pick<OpenRoom, 'owner' | 'moderators' | 'mutes' | 'bans'>;

/** Mutes and bans without those that are over; exceptions are over when the role of the user is not muted any more. */
export function runningRules(rules: Rules, nowMs: number): Pick<OpenRoom, 'mutes' | 'bans'> {
  const timed = rules.mutes.filter(({ user, untilMs }) => untilMs > nowMs || (untilMs === 0 && user !== ''));
  const running = { ...rules, mutes: timed };
  const mutes = timed.filter(({ user, untilMs }) => untilMs > 0 || muteOfRoleOf(running, user) !== undefined);
  return { mutes, bans: new Map([...rules.bans].filter(([, untilMs]) => untilMs > nowMs)) };
}

/** The mute of the user's role, where there is one; for who has no role yet, that of members. */
export function muteOfRoleOf({ owner, moderators, mutes }: Rules, user: string): RoomMute | undefined {
  if (user === owner) return undefined;
  const role = moderators.has(user) ? RoomRole.MODERATOR : RoomRole.MEMBER;
  return mutes.find((mute) => mute.user === '' && mute.role === role);
}
