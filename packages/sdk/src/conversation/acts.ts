import { randomId } from '@parley/kernel';
import { type ActInit, actSchema, encodeAs } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import { serverLimits } from '../server-limits.js';
import type { SendHandle } from '../send-handle.js';

export type ActKindInit = NonNullable<ActInit['kind']>;

const urgent: ReadonlySet<ActKindInit['type']> = new Set<ActKindInit['type']>(['recall', 'delete']);
/** Numbers of the classes on the wire. */
const high = 3;
const medium = 2;

/**
 * Puts an act into the outbox, online or not: it is repeated until it is answered, as messages are, and keeps its place
 * behind the earlier ones of the conversation. Never throws; the handle tells its fate.
 */
export function act(parts: ClientParts, conversation: string, kind: ActKindInit): SendHandle {
  const content = encodeAs(actSchema, { kind });
  const clientMsgId = randomId(parts.random, 24);
  const invalid = content.length > serverLimits.contentBytesMax ? ParleyClientError.of('MESSAGE_TOO_LARGE') : undefined;
  return parts.outbox.add({ conversation, clientMsgId, priority: urgent.has(kind.type) ? high : medium, content, isAct: true }, invalid);
}
