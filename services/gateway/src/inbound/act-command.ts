import type { LaneCommandInit, OriginInit } from '@parley/contracts/events';
import type { ActType, AppRules } from '@parley/domain';
import type { Level } from '@parley/lanes';
import type { ActInit } from '@parley/wire';

/** How urgent each act is: what is to disappear disappears soon. */
const levelByAct = {
  recall: 'high',
  delete: 'high',
  edit: 'medium',
  react: 'medium',
  pin: 'medium',
  rules: 'medium',
  cursor: 'medium',
  settings: 'medium',
  hide: 'medium',
  report: 'medium',
  relation: 'medium',
  profile: 'medium',
  erase: 'medium',
  typing: 'low',
} as const satisfies Record<ActType, Level>;

export const levelOfAct = (type: ActType): Level => levelByAct[type];

/** An act on its way to the router. */
export interface OwnAct {
  readonly app: string;
  /** Who acts. */
  readonly user: string;
  readonly conversation: string;
  readonly act: ActInit;
  readonly ingressMs: number;
  readonly clientMsgId?: string;
  readonly isRetry?: boolean;
  /** Absent where nobody waits for what becomes of it. */
  readonly origin?: OriginInit;
  readonly trace?: string;
}

/** The lane command of what a user does. Readings are nobody else's business where the app says so. */
export function actCommand(own: OwnAct, { tellsReading }: AppRules): LaneCommandInit {
  const { app, user, conversation, act, ingressMs, clientMsgId, isRetry, origin, trace } = own;
  const isPrivate = act.kind?.type === 'cursor' && !tellsReading;
  const value = { sender: user, clientMsgId, act, isRetry, isPrivate };
  return { app, conversation, ingressMs, origin, trace, body: { type: 'act', value } };
}
