import { encodeMemberState, type MemberState } from '@parley/contracts/history-rows';
import type { DetailRow } from '@parley/store';
import { userSpace } from '../rows/detail-keys.js';
import { raiseFloor } from '../rows/member-state.js';

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

  /** Has everything up to a place read, unless the record at this offset is in the state already. */
  raise(offset: number, seq: number, countable: number): void {
    if (offset < this.#storedAsOf) return;
    const after = raiseFloor(this.state, seq, countable, offset + 1);
    if (after === this.state && this.exists) return;
    this.state = after;
    this.exists = true;
    this.#isChanged = true;
  }

  /** The row to write, if there is one. */
  row(app: string, user: string, conversation: string): DetailRow | undefined {
    if (!this.#isChanged) return undefined;
    return { app, space: userSpace(user), key: conversation, value: encodeMemberState(this.state) };
  }
}
