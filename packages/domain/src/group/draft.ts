import type { GroupEvent } from '@parley/contracts/events';
import { ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { GroupChange, GroupOperation } from '@parley/wire';
import type { OpenGroup } from '../group.js';

/** What can happen to a group. */
type GroupEventChange = NonNullable<GroupEvent['change']>;

/** A change before it is numbered. */
export interface GroupDraft {
  /** Who did it; empty for the server. */
  readonly operator: string;
  readonly change: GroupEventChange;
}

/** What a part of the decider answers with: changes in order, none where all is as it should be. */
export type GroupDecision = Result<readonly GroupDraft[], Refusal>;

/** What an event makes of a group, besides its version. */
export type GroupFold = Partial<OpenGroup>;

/** One of the things that may be wanted of a group. */
export type GroupOperationType = NonNullable<GroupOperation['kind']>['type'];

/** What an operation of one type says. */
type GroupOperationOf<Type extends GroupOperationType> = (NonNullable<GroupOperation['kind']> & { readonly type: Type })['value'];

/** An operation that the permission table lets through, with what else its decision needs. */
export interface Operation<Type extends GroupOperationType> {
  readonly operator: string;
  readonly value: GroupOperationOf<Type>;
  readonly timeMs: number;
}

export const noGroupChange: GroupDecision = ok([]);

/** "Absent" and "not allowed to know" answer alike. */
export const groupNotFound: Refusal = refusal('GROUP_NOT_FOUND');

export const invalidOperation = (detail: string): GroupDecision => refused(refusal('INVALID_ARGUMENT', detail));

/** A change besides members; its version is filled in when it is numbered. */
export const changed = (operator: string, change: NonNullable<GroupChange['change']>): GroupDraft => ({
  operator,
  change: { type: 'changed', value: { version: 0, change } },
});

export const deniedTo = (detail: string): Refusal => refusal('PERMISSION_DENIED', detail);
