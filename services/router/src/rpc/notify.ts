import type { NotifyRequest, NotifyResponseInit } from '@parley/contracts/router';
import { isUserId, limits, ParleyError } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import { type LaneCallsDeps, submitAndWait } from './lane-calls.js';
import { placeOf } from './request-fields.js';

/** Tells those who listen to a conversation, or some users, through the same lanes as everything else. */
export async function notify(deps: LaneCallsDeps, { app, conversation, notice }: NotifyRequest): Promise<NotifyResponseInit> {
  placeOf(app, conversation);
  if (notice?.body === undefined) throw new ParleyError('INVALID_ARGUMENT', 'notice: says nothing');
  if (notice.onlyTo.length > limits.friendsMax || !notice.onlyTo.every(isUserId)) {
    throw new ParleyError('INVALID_ARGUMENT', `notice.only_to: at most ${limits.friendsMax} user ids`);
  }
  await submitAndWait(deps, laneOf(notice.priority), { app, conversation, body: { type: 'notice', value: notice } });
  return {};
}
