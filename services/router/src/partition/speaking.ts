import type { SpeakingRules } from '@parley/wire';

/** Who may not speak in a conversation, ready to be asked about each message. Times are milliseconds since 1970 (UTC). */
export interface Speaking {
  readonly allMutedUntilMs: number;
  /** Whom `allMutedUntilMs` does not bind. */
  readonly exempt: ReadonlySet<string>;
  readonly mutedUntilMs: ReadonlyMap<string, number>;
  readonly bannedUntilMs: ReadonlyMap<string, number>;
}

/** Undefined where the rules bind nobody, as in most conversations. */
export function speakingOf(rules: SpeakingRules | undefined): Speaking | undefined {
  if (rules === undefined) return undefined;
  const { allMutedUntilMs, exempt, muted, banned } = rules;
  if (allMutedUntilMs === 0 && muted.length === 0 && banned.length === 0) return undefined;
  const mutedUntilMs = new Map(muted.map(({ user, untilMs }) => [user, untilMs]));
  const bannedUntilMs = new Map(banned.map(({ user, untilMs }) => [user, untilMs]));
  return { allMutedUntilMs, exempt: new Set(exempt), mutedUntilMs, bannedUntilMs };
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
