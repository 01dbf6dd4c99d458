import { appField, operatorField } from '@parley/aggregates';
import type { SendToAllRoomsRequest } from '@parley/contracts/room';
import { checkContent } from '@parley/domain';
import { isClientMsgId, limits, ParleyError } from '@parley/kernel';
import { Priority } from '@parley/wire';
import type { Broadcast } from '../partition/send-to-rooms.js';

/** What is to be said in all rooms. Throws INVALID_ARGUMENT or MESSAGE_TOO_LARGE. */
export function broadcastField(request: SendToAllRoomsRequest | undefined): Broadcast {
  if (request === undefined) throw new ParleyError('INVALID_ARGUMENT', 'send: missing');
  const { clientMsgId, content } = request;
  const app = appField(request.app);
  const sender = operatorField('sender', request.sender);
  if (!isClientMsgId(clientMsgId)) {
    throw new ParleyError('INVALID_ARGUMENT', `client_msg_id: 1 to ${limits.clientMsgIdBytesMax} bytes, none of them zero`);
  }
  if (request.priority > Priority.HIGH) throw new ParleyError('INVALID_ARGUMENT', 'priority: LOW, MEDIUM or HIGH');
  const priority = request.priority === Priority.UNSPECIFIED ? Priority.MEDIUM : request.priority;
  // As of every message of a back end: texts may be as long as any app's.
  const checked = checkContent(content, { textBytesMax: limits.textBytesCeiling });
  if (!checked.ok) throw ParleyError.of(checked.error);
  return { app, sender, clientMsgId, priority, content, isTransient: checked.value.isTransient };
}
