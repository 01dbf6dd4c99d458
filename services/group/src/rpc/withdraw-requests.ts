import { appField, userField } from '@parley/aggregates';
import type { WithdrawRequestsRequest, WithdrawRequestsResponseInit } from '@parley/contracts/group';
import { type GroupId, ParleyError, parseConversation } from '@parley/kernel';
import { RequestState } from '@parley/wire';
import type { GroupCalls } from '../ports.js';
import { groupNameOf } from './group-name.js';
import { operate } from './operate.js';

/** Takes back every wish and invitation of a user that nobody has answered, in groups of one partition. */
export async function withdrawRequests({ groups }: GroupCalls, request: WithdrawRequestsRequest): Promise<WithdrawRequestsResponseInit> {
  const app = appField(request.app);
  const user = userField('user', request.user);
  const asked: { readonly group: GroupId; readonly of: string }[] = [];
  for (const [name, state] of groups.aggregates(request.partition)) {
    const conversation = parseConversation(name.conversation);
    if (name.app !== app || state.type !== 'open' || !conversation.ok || conversation.value.type !== 'group') continue;
    for (const [of, { invitedBy, state: stage }] of state.requests.entries()) {
      const isTheirs = invitedBy === '' ? of === user : invitedBy === user;
      if (isTheirs && stage === RequestState.WAITING) asked.push({ group: conversation.value.group, of });
    }
  }
  const answers = asked.map(async ({ group, of }) => {
    const kind = { type: 'answerRequest', value: { user: of, isAccepted: false } } as const;
    await operate(groups, { name: groupNameOf({ app, group }), operator: '', kind }).catch(unlessAnswered);
  });
  await Promise.all(answers);
  return { count: asked.length };
}

/** Somebody else was faster. */
function unlessAnswered(thrown: unknown): void {
  const { error } = ParleyError.from(thrown);
  if (error !== 'REQUEST_NOT_FOUND' && error !== 'GROUP_NOT_FOUND') throw thrown;
}
