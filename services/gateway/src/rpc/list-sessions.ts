import type { ListSessionsRequest, ListSessionsResponseInit } from '@parley/contracts/gateway';
import type { SessionTable } from '../sessions/session-table.js';
import { checkUser } from './check-user.js';

/** Sessions of a user on this gateway, those kept for resume included. */
export function listSessions(sessions: SessionTable, { app, user }: ListSessionsRequest): ListSessionsResponseInit {
  checkUser(app, user);
  const found = sessions.user(app, user)?.sessions ?? [];
  return {
    sessions: found.map(({ id, device, sinceMs, connection }) => ({
      session: id,
      device,
      sinceMs,
      isConnected: connection !== undefined,
    })),
  };
}
