import type { EdgeConnection } from '@parley/edge-listener';
import type { LevelBuckets, TokenBucket } from '@parley/lanes';
import type { Flood } from '../inbound/flood.js';
import type { RateLimits } from '../limits.js';
import type { Outbox } from '../outbound/outbox.js';
import type { Session } from './session.js';

/** `new`: not logged in yet. */
export type ConnectionState = 'new' | 'active' | 'closed';

/** Token buckets of a connection, made when first needed. */
export type ConnectionBuckets = { -readonly [C in keyof RateLimits]?: TokenBucket };

/** A socket of a client. Kept small: there are many, and most are idle. */
export class ClientConnection {
  readonly edge: EdgeConnection;
  /** Unique within this process, from 1; goes into Origin.connection. */
  readonly id: number;
  readonly isJson: boolean;
  state: ConnectionState = 'new';
  session: Session | undefined = undefined;
  /** When the last frame came, or the connection was opened (monotonic milliseconds). */
  lastFrameMs: number;
  requestsInFlight = 0;
  /** The conversation that the user has in front of them; empty: none. */
  looking = '';
  outbox: Outbox | undefined = undefined;
  buckets: ConnectionBuckets | undefined = undefined;
  /** Of its messages, made when first needed. */
  levels: LevelBuckets | undefined = undefined;
  /** Made when the first frame is refused for its rate. */
  flood: Flood | undefined = undefined;
  /** The last delivery that reached it, so that one for several channels comes once. */
  deliveryStamp = 0;

  constructor(edge: EdgeConnection, id: number, isJson: boolean, nowMs: number) {
    this.edge = edge;
    this.id = id;
    this.isJson = isJson;
    this.lastFrameMs = nowMs;
  }
}
