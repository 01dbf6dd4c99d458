import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { type GroupOptions, HistoryAccess, InviteeMode, InviteMode, JoinMode } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import { changed, type GroupDecision, noGroupChange, type Operation } from './draft.js';

/** What holds where nothing, or something of a newer version of the program, is chosen. */
export function groupOptionsOf(chosen: GroupOptions | undefined): GroupOptions {
  const joinMode = chosen?.joinMode;
  return {
    joinMode: joinMode === JoinMode.APPROVAL || joinMode === JoinMode.CLOSED ? joinMode : JoinMode.OPEN,
    inviteMode: chosen?.inviteMode === InviteMode.ADMINS ? InviteMode.ADMINS : InviteMode.MEMBERS,
    inviteeMode: chosen?.inviteeMode === InviteeMode.CONSENT ? InviteeMode.CONSENT : InviteeMode.DIRECT,
    historyAccess: chosen?.historyAccess === HistoryAccess.FROM_START ? HistoryAccess.FROM_START : HistoryAccess.FROM_JOIN,
    isEditableByMembers: chosen?.isEditableByMembers ?? false,
    isPinningByMembers: chosen?.isPinningByMembers ?? false,
    slowModeMs: chosen?.slowModeMs ?? 0,
    destroyAfterMs: chosen?.destroyAfterMs ?? 0,
  };
}

/** What is wrong with options, if anything. */
export function refusalOfGroupOptions(chosen: GroupOptions | undefined): Refusal | undefined {
  if (chosen === undefined) return undefined;
  const { slowModeMs, destroyAfterMs, historyAccess } = chosen;
  const { slowModeMsMax, destroyAfterMsMin, destroyAfterMsMax } = limits;
  if (historyAccess === HistoryAccess.RECENT) return refusal('INVALID_ARGUMENT', 'options.history_access: from join or from start');
  if (slowModeMs > slowModeMsMax) return refusal('INVALID_ARGUMENT', `options.slow_mode_ms: at most ${slowModeMsMax}`);
  if (destroyAfterMs === 0 || (destroyAfterMs >= destroyAfterMsMin && destroyAfterMs <= destroyAfterMsMax)) return undefined;
  return refusal('INVALID_ARGUMENT', `options.destroy_after_ms: 0 or ${destroyAfterMsMin} to ${destroyAfterMsMax}`);
}

/** Replaces all options. */
export function decideSetOptions(group: OpenGroup, { operator, value }: Operation<'setOptions'>): GroupDecision {
  const wrong = value.options === undefined ? refusal('INVALID_ARGUMENT', 'options: missing') : refusalOfGroupOptions(value.options);
  if (wrong !== undefined) return refused(wrong);
  const options = groupOptionsOf(value.options);
  return isSame(options, group.options) ? noGroupChange : ok([changed(operator, { type: 'options', value: options })]);
}

const isSame = (a: GroupOptions, b: GroupOptions): boolean =>
  Object.entries(a).every(([name, value]) => b[name as keyof GroupOptions] === value);
