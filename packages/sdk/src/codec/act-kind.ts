import { type Act, type ActInit, actSchema, type ConversationEvent, decodeAs } from '@parley/wire';
import { emptyBytes } from '@parley/kernel';
import type { ActKind } from './vocabulary.js';

type Kind = NonNullable<ActInit['kind']>['type'];
type Body = NonNullable<ConversationEvent['body']>;

/** Acts that take a place in the order; they have an id, so that repeating them is safe. The rest may be repeated anyway. */
const ordered: ReadonlySet<Kind> = new Set<Kind>(['edit', 'recall', 'delete', 'react', 'pin', 'rules']);

export const actKind: ActKind = {
  requestOf: ({ conversation, clientMsgId, content }, isRetry) => {
    const act = decodeAs(actSchema, content);
    const isOrdered = act.kind !== undefined && ordered.has(act.kind.type);
    return { type: 'act', value: { conversation, clientMsgId: isOrdered ? clientMsgId : '', act, isRetry: isOrdered && isRetry } };
  },
  effectOf: ({ content }, { self, seq, headSeq }) => {
    const { kind } = decodeAs(actSchema, content);
    if (kind === undefined || (seq === 0 && ordered.has(kind.type))) return undefined;
    return effectOf(kind, self, headSeq);
  },
};

/** The event that others get. */
function effectOf(kind: NonNullable<Act['kind']>, user: string, headSeq: number): Body | undefined {
  switch (kind.type) {
    case 'edit':
      return { type: 'edited', value: { ...kind.value, content: kind.value.content ?? emptyBytes } };
    case 'recall':
      return { type: 'recalled', value: kind.value };
    case 'delete':
      return { type: 'deleted', value: kind.value };
    case 'react':
      return { type: 'reaction', value: kind.value };
    case 'pin':
      return { type: 'pin', value: kind.value };
    case 'rules':
      return { type: 'rules', value: kind.value };
    case 'settings':
      return { type: 'settings', value: { user, changes: kind.value.changes, headSeq } };
    case 'hide':
      return { type: 'hidden', value: { user, seqs: kind.value.seqs } };
    default:
      return undefined;
  }
}
