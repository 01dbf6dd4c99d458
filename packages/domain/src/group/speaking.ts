import { createSpeakingRules, GroupRole, type SpeakingRules, type UserUntil } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { endOf, roleMutedUntilMs, runningMutes } from './mutes.js';

/**
 * Who may not speak in the group, as the router holds senders to it. It stays right as time passes, until the next
 * change of mutes, roles or options: what ends earlier says so itself.
 */
export function groupSpeakingOf(group: OpenGroup, nowMs: number): SpeakingRules {
  const running = { ...group, mutes: runningMutes(group, nowMs) };
  const adminsUntilMs = endOf(running.mutes, GroupRole.ADMIN);
  const allMutedUntilMs = Math.max(endOf(running.mutes, GroupRole.MEMBER), adminsUntilMs);
  const { owner, admins, options } = group;
  return createSpeakingRules({
    allMutedUntilMs,
    exempt: allMutedUntilMs === 0 ? [] : exemptOf(running, adminsUntilMs < allMutedUntilMs),
    muted: mutedOf(running, adminsUntilMs < allMutedUntilMs ? adminsUntilMs : 0),
    moderators: [owner, ...admins],
    slowModeMs: options.slowModeMs,
    isPinningByMembers: options.isPinningByMembers,
  });
}

/** Until when the user may not speak, by the own mute or that of the role; 0: may speak. */
export function groupMutedUntilMs(group: OpenGroup, user: string, nowMs: number): number {
  const own = group.mutes.find((mute) => mute.user === user);
  if (own?.untilMs === 0) return 0;
  const untilMs = Math.max(own?.untilMs ?? 0, roleMutedUntilMs(group, user));
  return untilMs > nowMs ? untilMs : 0;
}

function exemptOf({ owner, admins, mutes }: OpenGroup, areAdminsFree: boolean): readonly string[] {
  const exempt = new Set([owner, ...(areAdminsFree ? admins : [])]);
  for (const { user, untilMs } of mutes) if (user !== '' && untilMs === 0) exempt.add(user);
  return [...exempt];
}

/** Admins whose mute ends before that of members are named one by one. */
function mutedOf({ admins, mutes }: OpenGroup, adminsUntilMs: number): readonly UserUntil[] {
  const own = new Map(mutes.filter(({ user }) => user !== '').map(({ user, untilMs }) => [user, untilMs]));
  const muted = new Map([...own].filter(([, untilMs]) => untilMs > 0));
  for (const user of adminsUntilMs > 0 ? admins : []) {
    if (own.get(user) !== 0) muted.set(user, Math.max(adminsUntilMs, own.get(user) ?? 0));
  }
  return [...muted].map(([user, untilMs]) => ({ user, untilMs }));
}
