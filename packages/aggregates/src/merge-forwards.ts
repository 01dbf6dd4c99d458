import { encodeNoticeCommand, type NoticeCommand, type PendingForward } from '@parley/contracts/events';
import { type ConversationRules, createMembershipChange, HistoryAccess, type MembershipChange, type SpeakingRules } from '@parley/wire';
import { aggregateLimits } from './limits.js';

/** How many of the first forwards become one, and what that one says. */
export interface Merged extends Omit<PendingForward, 'index' | 'groupChange'> {
  readonly count: number;
}

/**
 * Merges forwards from the front as far as they allow. For each user the last word counts, and the version is
 * that of the last change: whoever knows an earlier one comes to the same members. So do the rules of speaking
 * and of reading; notices keep their order. An end (`closed`) stays alone, as do changes by different operators
 * or for different causes. What changes in groups besides their members is never merged: each change has a seq.
 */
export function mergeForwards(forwards: readonly PendingForward[]): Merged {
  const merge = new Merge();
  for (const forward of forwards) if (!merge.take(forward)) break;
  return merge.result();
}

class Merge {
  #count = 0;
  readonly #joined = new Set<string>();
  readonly #left = new Set<string>();
  #change: MembershipChange | undefined;
  /** Of those who moved so far. */
  #operator: string | undefined;
  /** Of those who left so far. */
  #cause: MembershipChange['cause'] | undefined;
  #speaking: SpeakingRules | undefined;
  #historyAccess: HistoryAccess = HistoryAccess.UNSPECIFIED;
  #rules: ConversationRules | undefined;
  readonly #notices: NoticeCommand[] = [];
  #noticeBytes = 0;

  /** False, and nothing happened, when the forward must go on its own. */
  take({ change, speaking, historyAccess, notices, rules }: PendingForward): boolean {
    if (!this.#fitsChange(change) || !this.#fitsNotices(notices)) return false;
    this.#count++;
    if (change !== undefined) this.#apply(change);
    if (speaking !== undefined) this.#speaking = speaking;
    if (historyAccess !== HistoryAccess.UNSPECIFIED) this.#historyAccess = historyAccess;
    if (rules !== undefined) this.#rules = rules;
    this.#notices.push(...notices);
    return true;
  }

  result(): Merged {
    const change =
      this.#change === undefined
        ? undefined
        : createMembershipChange({
            ...this.#change,
            joined: [...this.#joined],
            left: [...this.#left],
            operator: this.#operator ?? this.#change.operator,
            cause: this.#cause ?? this.#change.cause,
          });
    const rules = { speaking: this.#speaking, historyAccess: this.#historyAccess, rules: this.#rules };
    return { count: this.#count, change, ...rules, notices: this.#notices };
  }

  #fitsChange(change: MembershipChange | undefined): boolean {
    if (this.#count === 0) return true;
    // Nothing follows an end, not even a notice.
    if (this.#change?.closed === true || change?.closed === true) return false;
    if (change === undefined) return true;
    const users = change.joined.length + change.left.length;
    if (users === 0) return true;
    if (this.#operator !== undefined && this.#operator !== change.operator) return false;
    if (change.left.length > 0 && this.#cause !== undefined && this.#cause !== change.cause) return false;
    return this.#joined.size + this.#left.size + users <= aggregateLimits.mergedUsersMax;
  }

  /** The first forward always fits: events are bounded. */
  #fitsNotices(notices: readonly NoticeCommand[]): boolean {
    if (notices.length === 0) return true;
    const bytes = notices.reduce((sum, notice) => sum + encodeNoticeCommand(notice).length, 0);
    const isTooMuch =
      this.#notices.length + notices.length > aggregateLimits.mergedNoticesMax ||
      this.#noticeBytes + bytes > aggregateLimits.mergedNoticeBytesMax;
    if (this.#count > 0 && isTooMuch) return false;
    this.#noticeBytes += bytes;
    return true;
  }

  #apply(change: MembershipChange): void {
    this.#change = change;
    if (change.joined.length + change.left.length > 0) this.#operator = change.operator;
    if (change.left.length > 0) this.#cause = change.cause;
    for (const user of change.left) move(user, this.#joined, this.#left);
    for (const user of change.joined) move(user, this.#left, this.#joined);
  }
}

function move(user: string, from: Set<string>, to: Set<string>): void {
  from.delete(user);
  to.add(user);
}
