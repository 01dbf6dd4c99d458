import { ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';

/** The member limit that was asked for (0 for the default), or INVALID_ARGUMENT above the ceiling. */
export function memberLimitOf(asked: number, standard: number, ceiling: number): Result<number, Refusal> {
  if (asked > ceiling) return refused(refusal('INVALID_ARGUMENT', `member_limit: at most ${ceiling}`));
  return ok(asked === 0 ? standard : asked);
}
