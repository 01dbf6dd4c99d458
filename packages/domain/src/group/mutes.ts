import { limits, ok, refusal, refused } from '@parley/kernel';
import { type GroupMute, GroupRole } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { changed, type GroupDecision, type GroupFold, invalidOperation, noGroupChange, type Operation } from './draft.js';
import { groupRoleOf } from './roles.js';

type Rules = Pick<OpenGroup, 'owner' | 'admins' | 'members' | 'mutes'>;

/** Mutes members, a role or everybody for a while, or lifts it; lifting what does not run is no change. */
export function decideMuteGroup(group: OpenGroup, { operator, value, timeMs }: Operation<'mute'>): GroupDecision {
  const { users, role, isEveryone, durationMs } = value;
  const targets = [users.length > 0, role !== GroupRole.UNSPECIFIED, isEveryone].filter((isMeant) => isMeant);
  if (targets.length !== 1) return invalidOperation('users, role, is_everyone: one of them');
  if (users.length > limits.groupInviteMax) return invalidOperation(`users: at most ${limits.groupInviteMax}`);
  if (role === GroupRole.OWNER) return invalidOperation('role: member or admin');
  if (durationMs > limits.roomBanMsMax) return invalidOperation(`duration_ms: at most ${limits.roomBanMsMax}`);
  const running = { ...group, mutes: runningMutes(group, timeMs) };
  const untilMs = durationMs === 0 ? 0 : timeMs + durationMs;
  const mutes =
    users.length > 0 ? userMutes(running, users, untilMs) : roleMutes(running, isEveryone ? everybodyOf(untilMs) : [role], untilMs);
  const [first] = mutes;
  if (first === undefined) return noGroupChange;
  if (usersIn([...running.mutes, ...mutes]).size > limits.groupMutesMax) {
    return refused(refusal('LIMIT_REACHED', `users: at most ${limits.groupMutesMax} are muted`));
  }
  const change = mutes.length === 1 ? ({ type: 'mute', value: first } as const) : ({ type: 'mutes', value: { mutes } } as const);
  return ok([changed(operator, change)]);
}

/** The rules of speaking after mutes; those that are over go with it. */
export function foldMutes(group: OpenGroup, mutes: readonly GroupMute[], timeMs: number): GroupFold {
  const others = runningMutes(group, timeMs).filter((other) => !mutes.some((mute) => isSameTarget(other, mute)));
  return { mutes: runningMutes({ ...group, mutes: [...others, ...mutes] }, timeMs) };
}

/** Mutes without those that are over; exceptions are over when the member's role is not muted any more, or with the membership. */
export function runningMutes(rules: Rules, nowMs: number): readonly GroupMute[] {
  const timed = rules.mutes.filter(({ user, untilMs }) => untilMs > nowMs || (untilMs === 0 && user !== ''));
  const running = { ...rules, mutes: timed };
  return timed.filter(({ user, untilMs }) => untilMs > 0 || roleMutedUntilMs(running, user) > 0);
}

/** Until when the user's role may not speak; 0 for who is not in the group. A mute of admins binds members, too. */
export function roleMutedUntilMs({ owner, admins, members, mutes }: Rules, user: string): number {
  if (user === owner || !members.has(user)) return 0;
  const adminsUntilMs = endOf(mutes, GroupRole.ADMIN);
  return admins.has(user) ? adminsUntilMs : Math.max(adminsUntilMs, endOf(mutes, GroupRole.MEMBER));
}

/** Until when the mute of a role runs; 0 where there is none. */
export const endOf = (mutes: readonly GroupMute[], role: GroupRole): number =>
  mutes.find((mute) => mute.user === '' && mute.role === role)?.untilMs ?? 0;

/** Everybody but the owner is who a mute of admins binds; whoever lifts it lifts the mute of members as well. */
const everybodyOf = (untilMs: number): readonly GroupRole[] => (untilMs > 0 ? [GroupRole.ADMIN] : [GroupRole.MEMBER, GroupRole.ADMIN]);

const roleMutes = ({ mutes }: Rules, roles: readonly GroupRole[], untilMs: number): readonly GroupMute[] =>
  roles.filter((role) => endOf(mutes, role) !== untilMs).map((role) => ({ user: '', role, untilMs }));

function userMutes(group: OpenGroup, users: readonly string[], untilMs: number): readonly GroupMute[] {
  const known = new Map(group.mutes.map((mute) => [mute.user, mute.untilMs]));
  const isChange = (user: string): boolean => {
    const current = known.get(user);
    if (current === untilMs) return false;
    if (untilMs > 0) return groupRoleOf(group, user) !== GroupRole.UNSPECIFIED;
    return current !== undefined || roleMutedUntilMs(group, user) > 0;
  };
  return [...new Set(users)].filter(isChange).map((user) => ({ user, role: GroupRole.UNSPECIFIED, untilMs }));
}

const isSameTarget = (a: GroupMute, b: GroupMute): boolean => a.user === b.user && (a.user !== '' || a.role === b.role);

const usersIn = (mutes: readonly GroupMute[]): ReadonlySet<string> => new Set(mutes.map(({ user }) => user).filter((user) => user !== ''));
