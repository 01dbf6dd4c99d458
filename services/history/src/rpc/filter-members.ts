import type { FilterMembersRequest, FilterMembersResponseInit } from '@parley/contracts/history';
import { ParleyError } from '@parley/kernel';
import { historyLimits } from '../limits.js';
import { isOpen } from '../project/spans.js';
import { checkFields, checkUsers } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** Which of the users are in the conversation now. */
export async function filterMembers(deps: QueryDeps, request: FilterMembersRequest): Promise<FilterMembersResponseInit> {
  const { app, conversation, users } = request;
  if (users.length > historyLimits.filterUsersMax) {
    throw new ParleyError('INVALID_ARGUMENT', `users: at most ${historyLimits.filterUsersMax}`);
  }
  checkFields({ app, conversation });
  checkUsers('users', users);
  deps.projectorOf(app, conversation);
  if (request.isCurrent) await deps.progress.current();
  const row = (await deps.conversations.find(app, conversation))?.row;
  if (row === undefined || row.closed) return { members: [], headSeq: row?.headSeq };
  const rows = await deps.store.membersAmong(app, conversation, users);
  const members = new Set(rows.filter(({ spans }) => isOpen(spans)).map(({ user }) => user));
  return { members: users.filter((user) => members.has(user)), headSeq: row.headSeq };
}
