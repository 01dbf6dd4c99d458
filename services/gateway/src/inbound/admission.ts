import { type Level, LevelBuckets, type PolicyBook, SliceQuota } from '@parley/lanes';
import type { GatewayMetrics } from '../metrics.js';
import { CachedRefusal } from '../outbound/cached-refusal.js';
import type { Chunk } from '../outbound/chunk.js';
import type { LaneDoors } from '../overload/lane-doors.js';
import type { LoopLag } from '../overload/loop-lag.js';
import type { ClientConnection } from '../sessions/client-connection.js';
import type { Session } from '../sessions/session.js';
import type { MessageClass, RateLimiter } from './rate-limiter.js';

export interface AdmissionDeps {
  readonly policies: PolicyBook;
  /** How many gateways share what an app may send. */
  readonly liveGateways: () => number;
  readonly rateLimiter: RateLimiter;
  readonly loopLag: Pick<LoopLag, 'take'>;
  readonly laneDoors: Pick<LaneDoors, 'take'>;
  readonly metrics: Pick<GatewayMetrics, 'admitted' | 'notAdmitted' | 'shed' | 'refusals'>;
}

/** A message that wants in. */
export interface Entry {
  readonly connection: ClientConnection;
  readonly session: Session;
  /** The request that is answered when it is refused. */
  readonly id: number;
  readonly level: Level;
  readonly messageClass: MessageClass;
  /** How much of the class's rate it uses up. */
  readonly cost: number;
  readonly nowMs: number;
}

/** Which doors there are, and what they say when they stay shut. */
const doors = {
  loop: { error: 'OVERLOADED', detail: 'gateway: transient' },
  busy: { error: 'OVERLOADED', detail: 'gateway:' },
  client: { error: 'RATE_LIMITED', detail: 'client:' },
  stored: { error: 'RATE_LIMITED', detail: 'client: stored' },
  command: { error: 'RATE_LIMITED', detail: 'client: command' },
  bullet: { error: 'RATE_LIMITED', detail: 'client: bullet' },
  acts: { error: 'RATE_LIMITED', detail: 'client: acts,' },
  typing: { error: 'RATE_LIMITED', detail: 'client: typing,' },
  cursors: { error: 'RATE_LIMITED', detail: 'client: cursors,' },
  app: { error: 'RATE_LIMITED', detail: 'app:' },
  room: { error: 'RATE_LIMITED', detail: 'room:' },
  lane: { error: 'OVERLOADED', detail: 'router:' },
} as const;
type Door = keyof typeof doors;
const doorNames = Object.keys(doors) as readonly Door[];

/** What is not kept is turned away first. */
const transientClasses: { readonly [C in MessageClass]?: true } = { command: true, bullet: true, typing: true };

const roomPrefix = 'r:';

/**
 * Decides who gets in, from cheap to dear, each level on its own. Refusing happens at several times what can be
 * carried, so it does little: a frame that has been encoded before, and two counters.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #apps = new Map<string, LevelBuckets>();
  readonly #shut: ReadonlyMap<Door, { readonly [L in Level]: ShutDoor }>;
  readonly #admitted: { readonly [L in Level]: { add(amount: number): void } };

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#shut = new Map(doorNames.map((door) => [door, byLevel((level) => shutDoor(door, level, deps.metrics))]));
    this.#admitted = byLevel((level) => deps.metrics.admitted.with(level));
  }

  /** Load, and what the client itself may send: before anybody looks at the message. The answer is its refusal. */
  refuseClient(entry: Entry): Chunk | undefined {
    const { connection, session, level, messageClass, cost, nowMs } = entry;
    const { loopLag, policies, rateLimiter } = this.#deps;
    const isTransient = transientClasses[messageClass] === true;
    const loopWaitMs = loopLag.take(level, !isTransient);
    if (loopWaitMs > 0) return this.#refuse(isTransient ? 'loop' : 'busy', entry, loopWaitMs);
    connection.levels ??= new LevelBuckets();
    const levelWaitMs = connection.levels.take(policies.policyOf(session.app.id).client, level, nowMs);
    if (levelWaitMs > 0) return this.#refuse('client', entry, levelWaitMs);
    const kindWaitMs = rateLimiter.take(connection, messageClass, level, nowMs, cost);
    return kindWaitMs > 0 ? this.#refuse(messageClass, entry, kindWaitMs) : undefined;
  }

  /** What everybody's messages share: of the app, of the room, of the router's lane. The answer is its refusal. */
  refuseShared(entry: Entry, conversation: string): Chunk | undefined {
    const { session, level, nowMs } = entry;
    const { policies, laneDoors } = this.#deps;
    const app = session.app.id;
    const policy = policies.policyOf(app);
    const appRate = policy.app[level];
    const gateways = appRate === undefined ? 1 : this.#deps.liveGateways();
    const appWaitMs = appRate === undefined ? 0 : this.#appOf(app).take(policy.app, level, nowMs, gateways);
    if (appWaitMs > 0) return this.#refuse('app', entry, appWaitMs);
    const channel = conversation.startsWith(roomPrefix) ? session.user.channels.find(({ id }) => id === conversation) : undefined;
    // Of outsiders, whom the router refuses, a room does not get fuller.
    if (channel !== undefined) channel.quota ??= new SliceQuota(nowMs);
    const roomWaitMs = channel?.quota?.take(policy.room, level, nowMs) ?? 0;
    // Transient ones too: behind stored ones that wait, they would only be shed later.
    const laneWaitMs = roomWaitMs === 0 && level !== 'high' ? laneDoors.take(level, app, conversation, nowMs) : 0;
    if (roomWaitMs === 0 && laneWaitMs === 0) {
      this.#admitted[level].add(1);
      return undefined;
    }
    // What one room or router turns away must not use up what the app has for the others.
    if (appRate !== undefined) this.#appOf(app).giveBack(policy.app, level, nowMs, gateways);
    return roomWaitMs > 0 ? this.#refuse('room', entry, roomWaitMs) : this.#refuse('lane', entry, laneWaitMs);
  }

  #appOf(app: string): LevelBuckets {
    const known = this.#apps.get(app);
    if (known !== undefined) return known;
    const buckets = new LevelBuckets();
    this.#apps.set(app, buckets);
    return buckets;
  }

  #refuse(door: Door, { id, level }: Entry, retryAfterMs: number): Chunk {
    const shut = this.#shut.get(door)?.[level];
    if (shut === undefined) throw new Error('there is no such door');
    shut.count.add(1);
    shut.errors.add(1);
    return shut.refusal.chunk(id, retryAfterMs);
  }
}

interface ShutDoor {
  readonly refusal: CachedRefusal;
  readonly count: { add(amount: number): void };
  readonly errors: { add(amount: number): void };
}

function shutDoor(door: Door, level: Level, { notAdmitted, shed, refusals }: AdmissionDeps['metrics']): ShutDoor {
  const { error, detail } = doors[door];
  return {
    refusal: new CachedRefusal(error, `${detail} ${level.toUpperCase()} messages`),
    count: door === 'loop' ? shed.with('gateway', level) : notAdmitted.with(door, level),
    errors: refusals.with(error),
  };
}

const byLevel = <T>(make: (level: Level) => T): { readonly [L in Level]: T } => ({
  low: make('low'),
  medium: make('medium'),
  high: make('high'),
});
