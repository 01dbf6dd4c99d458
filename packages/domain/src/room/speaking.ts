import { createSpeakingRules, type RoomMute, RoomRole, type SpeakingRules, type UserUntil } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import { runningRules } from './running-rules.js';

/**
 * Who may not speak in the room, as the router holds senders to it. It stays right as time passes, until the
 * next event of a mute, ban or role: what ends earlier says so itself.
 */
export function speakingRulesOf(room: OpenRoom, nowMs: number): SpeakingRules {
  const { mutes, bans } = runningRules(room, nowMs);
  const byUser = new Map<string, number>();
  for (const { user, untilMs } of mutes) if (user !== '') byUser.set(user, untilMs);
  const allMutedUntilMs = endOf(mutes, RoomRole.MEMBER);
  return createSpeakingRules({
    allMutedUntilMs,
    exempt: allMutedUntilMs === 0 ? [] : exemptOf(room, byUser),
    muted: mutedOf(room, byUser, endOf(mutes, RoomRole.MODERATOR)),
    banned: [...bans].map(([user, untilMs]) => ({ user, untilMs })),
    moderators: moderatorsOf(room),
  });
}

const endOf = (mutes: readonly RoomMute[], role: RoomRole): number =>
  mutes.find((mute) => mute.user === '' && mute.role === role)?.untilMs ?? 0;

/** Who takes away what others have said. */
const moderatorsOf = ({ owner, moderators }: OpenRoom): readonly string[] => (owner === '' ? [...moderators] : [...moderators, owner]);

/** Moderators are never bound by what binds members; their own mute names them one by one. */
function exemptOf(room: OpenRoom, byUser: ReadonlyMap<string, number>): readonly string[] {
  const exempt = [...moderatorsOf(room)];
  for (const [user, untilMs] of byUser) if (untilMs === 0 && !room.moderators.has(user)) exempt.push(user);
  return exempt;
}

function mutedOf({ moderators }: OpenRoom, byUser: ReadonlyMap<string, number>, moderatorsUntilMs: number): readonly UserUntil[] {
  const muted = new Map([...byUser].filter(([, untilMs]) => untilMs > 0));
  for (const user of moderatorsUntilMs > 0 ? moderators : []) {
    if (byUser.get(user) !== 0) muted.set(user, Math.max(moderatorsUntilMs, byUser.get(user) ?? 0));
  }
  return [...muted].map(([user, untilMs]) => ({ user, untilMs }));
}
