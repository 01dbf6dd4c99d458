import { type ActInit, actSchema, decodeAs } from '@parley/wire';
import type { ActKind } from './vocabulary.js';

type Kind = NonNullable<ActInit['kind']>['type'];

/** Acts that take a place in the order; they have an id, so that repeating them is safe. The rest may be repeated anyway. */
const ordered: ReadonlySet<Kind> = new Set<Kind>(['edit', 'recall', 'delete', 'react', 'pin', 'rules']);

/** Stored acts are encoded ones. */
export const actKind: ActKind = {
  requestOf: ({ conversation, clientMsgId, content }, isRetry) => {
    const act = decodeAs(actSchema, content);
    const isOrdered = act.kind !== undefined && ordered.has(act.kind.type);
    return { type: 'act', value: { conversation, clientMsgId: isOrdered ? clientMsgId : '', act, isRetry: isOrdered && isRetry } };
  },
};
