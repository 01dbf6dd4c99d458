import type { SpeakingRules } from '@parley/wire';

/** Who may not speak in a conversation, ready to be asked about each message. Times are milliseconds since 1970 (UTC). */
export interface Speaking {
  readonly allMutedUntilMs: number;
  /** Whom `allMutedUntilMs` does not bind. */
  readonly exempt: ReadonlySet<string>;
  readonly mutedUntilMs: ReadonlyMap<string, number>;
  readonly bannedUntilMs: ReadonlyMap<string, number>;
  /** Groups: owner and admins; rooms: owner and moderators. */
  readonly moderators: ReadonlySet<string>;
  /** Between two messages of one member who is no moderator; 0: none. */
  readonly slowModeMs: number;
  readonly isPinningByMembers: boolean;
}

/** Undefined where the rules bind nobody and set nobody apart, as in conversations of two. */
export function speakingOf(rules: SpeakingRules | undefined): Speaking | undefined {
  if (rules === undefined) return undefined;
  const { allMutedUntilMs, exempt, muted, banned, moderators, slowModeMs, isPinningByMembers } = rules;
  const lists = muted.length + banned.length + moderators.length;
  if (allMutedUntilMs === 0 && lists === 0 && slowModeMs === 0 && !isPinningByMembers) return undefined;
  return {
    allMutedUntilMs,
    exempt: new Set(exempt),
    mutedUntilMs: new Map(muted.map(({ user, untilMs }) => [user, untilMs])),
    bannedUntilMs: new Map(banned.map(({ user, untilMs }) => [user, untilMs])),
    moderators: new Set(moderators),
    slowModeMs,
    isPinningByMembers,
  };
}

/** Whether a member must be silent now. */
export function isMuted(speaking: Speaking | undefined, user: string, nowMs: number): boolean {
  if (speaking === undefined) return false;
  if ((speaking.mutedUntilMs.get(user) ?? 0) > nowMs) return true;
  return speaking.allMutedUntilMs > nowMs && !speaking.exempt.has(user);
}

/** Whether somebody is kept out now. */
export const isBanned = (speaking: Speaking | undefined, user: string, nowMs: number): boolean =>
  (speaking?.bannedUntilMs.get(user) ?? 0) > nowMs;

/** Whether a member recalls, deletes and pins what others have said. */
export const isModerator = (speaking: Speaking | undefined, user: string): boolean => speaking?.moderators.has(user) === true;
