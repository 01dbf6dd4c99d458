import { limits, ok, type Refusal, refused } from '@parley/kernel';
import { type RoomMute, RoomRole } from '@parley/wire';
import type { OpenRoom } from '../room.js';
import type { RoomCommandOf } from '../room-command.js';
import { invalid, type RoomDecision, type RoomDraft, type RoomFold } from './draft.js';
import { refusalOfOperator, refusalOfRank, roleOf } from './roles.js';
import { muteOfRoleOf, runningRules } from './running-rules.js';

/** Mutes a user, a role or everyone for a while, or lifts it; lifting what does not run is no change. */
export function decideMute(room: OpenRoom, command: RoomCommandOf<'mute'>): RoomDecision {
  const { operator, user, role, durationMs, timeMs } = command;
  const denied = refusalOfOperator(room, operator, RoomRole.MODERATOR);
  if (denied !== undefined) return refused(denied);
  const targets = [user !== '', role !== RoomRole.UNSPECIFIED, command.isEveryone].filter((isMeant) => isMeant);
  if (targets.length !== 1) return invalid('user, role, is_everyone: one of them');
  if (role === RoomRole.OWNER) return invalid('role: member or moderator');
  const outranked = refusalOfTarget(room, command);
  if (outranked !== undefined) return refused(outranked);
  if (durationMs > limits.roomBanMsMax) return invalid(`duration_ms: at most ${limits.roomBanMsMax}`);
  const running = { ...room, ...runningRules(room, timeMs) };
  if (user !== '' && mutedUsers(running.mutes, user) >= limits.roomMutesMax) {
    return invalid(`user: at most ${limits.roomMutesMax} users are muted`);
  }
  const untilMs = durationMs === 0 ? 0 : timeMs + durationMs;
  const roles = command.isEveryone ? [RoomRole.MEMBER, RoomRole.MODERATOR] : [role];
  const mutes = roles.map((muted): RoomMute => ({ user, role: muted, untilMs })).filter((mute) => untilMs > 0 || isLifting(running, mute));
  return ok(mutes.map((value): RoomDraft => ({ operator, change: { type: 'mute', value } })));
}

/** The rules of speaking after a mute; those that are over go with it. */
export function foldMute(room: OpenRoom, mute: RoomMute, timeMs: number): RoomFold {
  const running = { ...room, ...runningRules(room, timeMs) };
  const others = running.mutes.filter((other) => !isSameTarget(other, mute));
  const isException = mute.untilMs === 0 && mute.user !== '' && muteOfRoleOf(running, mute.user) !== undefined;
  const mutes = mute.untilMs > 0 || isException ? [...others, mute] : others;
  return runningRules({ ...running, mutes }, timeMs);
}

function refusalOfTarget(room: OpenRoom, { operator, user, role }: RoomCommandOf<'mute'>): Refusal | undefined {
  if (user !== '') return refusalOfRank(room, operator, roleOf(room, user));
  return refusalOfRank(room, operator, role === RoomRole.MEMBER ? RoomRole.MEMBER : RoomRole.MODERATOR);
}

function isLifting(room: OpenRoom, lifted: RoomMute): boolean {
  const mute = room.mutes.find((other) => isSameTarget(other, lifted));
  if (mute !== undefined) return mute.untilMs > 0;
  return lifted.user !== '' && muteOfRoleOf(room, lifted.user) !== undefined;
}

const isSameTarget = (a: RoomMute, b: RoomMute): boolean => a.user === b.user && (a.user !== '' || a.role === b.role);

const mutedUsers = (mutes: readonly RoomMute[], without: string): number =>
  mutes.filter(({ user }) => user !== '' && user !== without).length;
