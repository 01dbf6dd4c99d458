import type { DisconnectRequest, DisconnectResponseInit } from '@parley/contracts/gateway';
import type { LoginDesk } from '../sessions/login-desk.js';
import type { SessionTable } from '../sessions/session-table.js';
import { checkUser } from './check-user.js';

/** Ends a user's sessions on this gateway: of one device, or all. */
export function disconnect(
  sessions: SessionTable,
  loginDesk: LoginDesk,
  { app, user, device, reason }: DisconnectRequest,
): DisconnectResponseInit {
  checkUser(app, user);
  const found = (sessions.user(app, user)?.sessions ?? []).filter((session) => device === '' || session.device === device);
  for (const session of found) loginDesk.kick(session, reason);
  return { sessions: found.length };
}
