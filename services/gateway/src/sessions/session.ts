import type { GatewayApp } from '../ports.js';
import type { ClientConnection } from './client-connection.js';
import type { LocalUser } from './local-user.js';

/** A login of a device. Outlives its connection by the time in which it can be resumed. */
export interface Session {
  readonly id: string;
  readonly app: GatewayApp;
  readonly user: LocalUser;
  readonly device: string;
  /** Milliseconds since 1970 (UTC). */
  readonly sinceMs: number;
  /** The secret part of the resume key; changes with each login. */
  resumeSecret: string;
  tokenExpiresMs: number;
  isTokenWarned: boolean;
  connection: ClientConnection | undefined;
  /** When the connection was lost (monotonic); meaningful without a connection only. */
  lostAtMs: number;
  /** Events may not have reached the client since it was connected. */
  hasMissed: boolean;
  /** When an event was last put on the way to the client (monotonic). */
  lastEventMs: number;
}
