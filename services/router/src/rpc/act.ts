import type { ActRequest, ActResponseInit } from '@parley/contracts/router';
import { type ActType, checkAct } from '@parley/domain';
import { limits, ParleyError } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import { type LaneCallsDeps, submitAndWait } from './lane-calls.js';
import { checkClientMsgId, checkSender, mayBeRepeated, placeOf } from './request-fields.js';

/** What the server's own services do; a sender says for whom, and binds the act to the app's rules. */
const actsOfServices: ReadonlySet<ActType> = new Set<ActType>(['relation', 'profile', 'erase']);

/** Acts as a user, or with all rights where no sender is named, through the same lanes as everybody. */
export async function act(deps: LaneCallsDeps, request: ActRequest): Promise<ActResponseInit> {
  const type = check(request);
  const { app, conversation, sender, clientMsgId } = request;
  const isRetry = mayBeRepeated(request);
  const isPrivileged = sender === '' || actsOfServices.has(type);
  const value = { sender, clientMsgId, act: request.act, isRetry, isPrivileged };
  const { seq, timeMs, version } = await submitAndWait(deps, laneOfAct(type), { app, conversation, body: { type: 'act', value } });
  return { seq, timeMs, version };
}

/** What takes something away must not come late; who types need not come at all. */
export function laneOfAct(type: ActType): Lane {
  if (type === 'recall' || type === 'delete') return 'high';
  return type === 'typing' ? 'low' : 'medium';
}

function check(request: ActRequest): ActType {
  placeOf(request.app, request.conversation);
  checkSender(request.sender);
  checkClientMsgId(request.clientMsgId);
  if (request.act === undefined) throw new ParleyError('INVALID_ARGUMENT', 'act: missing');
  const checked = checkAct(request.act, { textBytesMax: limits.textBytesCeiling });
  if (!checked.ok) throw ParleyError.of(checked.error);
  return checked.value;
}
