import { encodeMemberState, type MemberState } from '@parley/contracts/history-rows';
import type { DetailRow } from '@parley/store';
import { memberStateKey } from '../rows/detail-keys.js';

/** What one user has of a conversation, as a batch leaves it. */
export class StagedState {
  /** Whether there was a row, or is one now. */
  exists: boolean;
  state: MemberState;
  readonly #storedAsOf: number;
  #isChanged = false;

  constructor(state: MemberState, exists: boolean) {
    this.state = state;
    this.exists = exists;
    this.#storedAsOf = state.asOf;
  }

  /** Changes the state, unless the record at this offset is in it already. */
  change(offset: number, change: (state: MemberState) => MemberState): void {
    if (offset < this.#storedAsOf) return;
    const after = change(this.state);
    if (after === this.state && this.exists) return;
    this.state = after.asOf === offset + 1 ? after : { ...after, asOf: offset + 1 };
    this.exists = true;
    this.#isChanged = true;
  }

  /** The row to write, if there is one. */
  row(app: string, user: string, conversation: string): DetailRow | undefined {
    return this.#isChanged ? { ...memberStateKey(app, user, conversation), value: encodeMemberState(this.state) } : undefined;
  }
}
