import { type AggregateName, appField, groupField } from '@parley/aggregates';
import { type AppId, conversationOfGroup, type GroupId } from '@parley/kernel';

/** A group as requests name it. */
export interface GroupName extends AggregateName {
  readonly app: AppId;
  readonly group: GroupId;
}

/** The group that a request is about. Throws INVALID_ARGUMENT. */
export function groupNameOf(request: { readonly app: string; readonly group: string }): GroupName {
  const group = groupField(request.group);
  return { app: appField(request.app), group, conversation: conversationOfGroup(group) };
}
