import type { AnswerWhen, Executed } from '@parley/aggregates';
import type { GroupEvent } from '@parley/contracts/events';
import type { Group } from '@parley/domain';
import type { UserId } from '@parley/kernel';
import type { GroupOperation } from '@parley/wire';
import type { Groups } from '../ports.js';
import type { GroupName } from './group-name.js';

export interface Operated {
  readonly name: GroupName;
  /** Empty for the back end. */
  readonly operator: UserId | '';
  readonly kind: NonNullable<GroupOperation['kind']>;
  /** 0, the default: whichever version the group has. */
  readonly ifVersion?: number;
  readonly when?: AnswerWhen;
}

/** Carries an operation out. Rejects with the decider's refusal. */
export function operate(groups: Groups, { name, operator, kind, ifVersion = 0, when }: Operated): Promise<Executed<Group, GroupEvent>> {
  const { app, group, conversation } = name;
  const command = { type: 'operate', app, group, operation: { kind }, operator, ifVersion } as const;
  return groups.execute({ app, conversation }, ({ timeMs }) => ({ ...command, timeMs }), when === undefined ? {} : { when });
}
