import { type ActType, checkAct, type RulesBook, takesSeq } from '@parley/domain';
import { isClientMsgId, refusal, type Refusal } from '@parley/kernel';
import type { ClientFrame, MoveCursors, SendAct } from '@parley/wire';
import type { Chunk } from '../outbound/chunk.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import { actCommand, levelOfAct } from './act-command.js';
import { msgIdRule, refusalOfConversation, type SendDeps, traceOf } from './send-message.js';

export interface ActDeps extends SendDeps {
  readonly rules: RulesBook;
}

/** A frame with an act in it. */
export type ActFrame = ClientFrame & { readonly body: { readonly type: 'act'; readonly value: SendAct } };
/** A frame with cursors in it. */
export type CursorsFrame = ClientFrame & { readonly body: { readonly type: 'moveCursors'; readonly value: MoveCursors } };

/** What services do for users. */
const actsOfServices: ReadonlySet<ActType> = new Set<ActType>(['relation', 'profile', 'erase']);

/** Puts an act into its lane; answers like `sendMessage`. */
export function sendAct(deps: ActDeps, connection: ClientConnection, session: Session, frame: ActFrame): Refusal | Chunk | undefined {
  const { router, clock, admission, rules } = deps;
  const { conversation, clientMsgId, act, isRetry } = frame.body.value;
  const type = act?.kind?.type;
  const messageClass = type === 'typing' ? 'typing' : 'acts';
  const level = type === undefined ? 'medium' : levelOfAct(type);
  const entry = { connection, session, id: frame.id, level, messageClass, cost: 1, nowMs: clock.monotonic() } as const;
  const refused = admission.refuseClient(entry) ?? refusalOfAct(session, frame.body.value) ?? admission.refuseShared(entry, conversation);
  if (refused !== undefined || act === undefined) return refused;
  const app = session.app.id;
  const origin = { peer: router.peer, connection: connection.id, request: frame.id };
  const own = { app, user: session.user.id, conversation, act, origin, ingressMs: clock.now(), trace: traceOf(frame) };
  const repeatable = type !== undefined && takesSeq(type) ? { clientMsgId, isRetry } : {};
  router.submit(level, actCommand({ ...own, ...repeatable }, rules.rulesOf(app)));
  return undefined;
}

function refusalOfAct(session: Session, { conversation, clientMsgId, act }: SendAct): Refusal | undefined {
  const target = refusalOfConversation(conversation, session.user.id);
  if (target !== undefined) return target;
  if (act?.kind === undefined) return refusal('INVALID_ARGUMENT', 'act: a known kind is missing');
  const { type } = act.kind;
  if (actsOfServices.has(type)) return refusal('PERMISSION_DENIED', `act.${type}: the back end only`);
  if (takesSeq(type) && !isClientMsgId(clientMsgId)) return refusal('INVALID_ARGUMENT', msgIdRule);
  const { textBytesMax } = session.app;
  const checked = checkAct(act, textBytesMax === undefined ? {} : { textBytesMax });
  return checked.ok ? undefined : checked.error;
}

/** Cursors that one frame moves. */
const cursorsMax = 100;

/**
 * Puts cursors into their lanes. Nobody waits for what becomes of them: a lost one comes again with the next. When one
 * is refused for load, those before it have been taken; repeating all does no harm.
 */
export function moveCursors(
  deps: ActDeps,
  connection: ClientConnection,
  session: Session,
  frame: CursorsFrame,
): Refusal | Chunk | undefined {
  const { router, clock, admission, rules } = deps;
  const { cursors } = frame.body.value;
  const cost = Math.max(1, cursors.length);
  const entry = { connection, session, id: frame.id, level: 'medium', messageClass: 'cursors', cost, nowMs: clock.monotonic() } as const;
  const wrong = cursors.length > cursorsMax ? refusal('INVALID_ARGUMENT', `cursors: at most ${cursorsMax}`) : undefined;
  const refused = wrong ?? admission.refuseClient(entry) ?? refusalOfCursors(session, frame.body.value);
  if (refused !== undefined) return refused;
  const app = session.app.id;
  const rulesOfApp = rules.rulesOf(app);
  for (const { conversation, readSeq, deliveredSeq } of cursors) {
    const shut = admission.refuseShared(entry, conversation);
    if (shut !== undefined) return shut;
    const act = { kind: { type: 'cursor', value: { readSeq, deliveredSeq } } } as const;
    router.submit('medium', actCommand({ app, user: session.user.id, conversation, act, ingressMs: clock.now() }, rulesOfApp));
  }
  return undefined;
}

function refusalOfCursors(session: Session, { cursors }: MoveCursors): Refusal | undefined {
  for (const { conversation, readSeq, deliveredSeq } of cursors) {
    const refused = refusalOfConversation(conversation, session.user.id);
    if (refused !== undefined) return refused;
    if (readSeq + deliveredSeq === 0) return refusal('INVALID_ARGUMENT', 'cursors: read_seq or delivered_seq each');
  }
  return undefined;
}
