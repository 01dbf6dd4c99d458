import type { GroupEvent } from '@parley/contracts/events';
import { assertNever, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { GroupOperation } from '@parley/wire';
import type { Group, GroupCommand, OpenGroup, OperateGroup } from './group.js';
import { decideChangeGroupAttributes } from './group/attributes.js';
import { type GroupDecision, type GroupDraft, groupNotFound, invalidOperation, noGroupChange } from './group/draft.js';
import { decideSetLimit, decideSetNickname, decideUpdateInfo } from './group/info.js';
import { decideCreateGroup, decideDismiss } from './group/life-cycle.js';
import { decideInvite, decideJoin, decideKick, decideLeave } from './group/membership.js';
import { decideMuteGroup } from './group/mutes.js';
import { decideSetOptions } from './group/options.js';
import { verdictOf } from './group/permissions.js';
import { decideAnswerRequest } from './group/requests.js';
import { decideSetRole, decideTransfer } from './group/roles.js';

type Kind = NonNullable<GroupOperation['kind']>;

/** What happens to the group when the command is carried out; no events when it already is as asked for. */
export function decideGroup(group: Group, command: GroupCommand): Result<readonly GroupEvent[], Refusal> {
  const decision = command.type === 'create' ? decideCreateGroup(group, command) : operate(group, command);
  return decision.ok ? ok(numbered(group, command, decision.value)) : decision;
}

function operate(group: Group, command: OperateGroup): GroupDecision {
  const { kind } = command.operation;
  if (kind === undefined) return invalidOperation('operation: missing');
  if (isTransferredAlready(group, command.operator, kind)) return noGroupChange;
  const verdict = verdictOf(group, command.operator, kind);
  if (verdict === 'unchanged') return noGroupChange;
  if (verdict !== 'allowed') return refused(verdict);
  if (group.type !== 'open') return refused(groupNotFound);
  const { ifVersion = 0 } = command;
  if (ifVersion !== 0 && ifVersion !== group.version) return refused(refusal('VERSION_CONFLICT', `version: ${group.version}`));
  return decideOpen(group, command, kind);
}

/** The former owner, who did not hear the answer, has lost the right to ask again. */
function isTransferredAlready(group: Group, operator: string, { type, value }: Kind): boolean {
  return type === 'transfer' && group.type === 'open' && group.members.has(operator) && group.owner === value.user;
}

function decideOpen(group: OpenGroup, { operator, timeMs }: OperateGroup, { type, value }: Kind): GroupDecision {
  const by = { operator, timeMs };
  switch (type) {
    case 'join':
      return decideJoin(group, { ...by, value });
    case 'invite':
      return decideInvite(group, { ...by, value });
    case 'leave':
      return decideLeave(group, { ...by, value });
    case 'kick':
      return decideKick(group, { ...by, value });
    case 'dismiss':
      return decideDismiss(group, { ...by, value });
    case 'transfer':
      return decideTransfer(group, { ...by, value });
    case 'setRole':
      return decideSetRole(group, { ...by, value });
    case 'setNickname':
      return decideSetNickname(group, { ...by, value });
    case 'updateInfo':
      return decideUpdateInfo(group, { ...by, value });
    case 'changeAttributes':
      return decideChangeGroupAttributes(group, { ...by, value });
    case 'mute':
      return decideMuteGroup(group, { ...by, value });
    case 'setOptions':
      return decideSetOptions(group, { ...by, value });
    case 'answerRequest':
      return decideAnswerRequest(group, { ...by, value });
    case 'setLimit':
      return decideSetLimit(group, { ...by, value });
    default:
      return assertNever(type);
  }
}

/** Everything but requests raises the version by one. */
function numbered(before: Group, { app, group, timeMs }: GroupCommand, drafts: readonly GroupDraft[]): readonly GroupEvent[] {
  let version = before.type === 'absent' ? 0 : before.version;
  return drafts.map(({ operator, change }): GroupEvent => {
    if (change.type !== 'requested') version++;
    const isVersioned = change.type === 'changed';
    return { app, group, version, timeMs, operator, change: isVersioned ? { ...change, value: { ...change.value, version } } : change };
  });
}
