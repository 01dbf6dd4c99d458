import { limits } from '@parley/kernel';
import type { BucketPolicy } from '@parley/lanes';

/** How often a client may do something; what is over it is refused with RATE_LIMITED. */
export interface RateLimits {
  /** Frames of any kind. */
  readonly frames: BucketPolicy;
  /** Messages that are stored. */
  readonly stored: BucketPolicy;
  readonly command: BucketPolicy;
  readonly bullet: BucketPolicy;
  /** What users do to messages, to conversations and to their own view of them. */
  readonly acts: BucketPolicy;
  readonly typing: BucketPolicy;
  /** Cursors, however many of them a frame moves. */
  readonly cursors: BucketPolicy;
  /** Changes of attributes, of rooms and of their members. */
  readonly attributes: BucketPolicy;
  /** Contributions to counters of rooms. */
  readonly counters: BucketPolicy;
  /** Kicks, bans, mutes, roles, names and ends of rooms. */
  readonly moderation: BucketPolicy;
  /** Changes of groups. */
  readonly groups: BucketPolicy;
  /** Reading and changing profiles and relations. Steps towards others count one by one, a changed profile 20 times. */
  readonly people: BucketPolicy;
  readonly search: BucketPolicy;
  /** Uploads and shares of files; the bytes travel elsewhere. */
  readonly media: BucketPolicy;
  /** URLs of files, one for each picture that is shown. */
  readonly downloads: BucketPolicy;
  /** Reading everything. */
  readonly readAll: BucketPolicy;
}

/** Everything here has a limit. Sizes in bytes, times in milliseconds. */
export interface GatewayLimits {
  readonly frameBytesMax: number;
  readonly loginFrameBytesMax: number;
  readonly loginWithinMs: number;
  /** Told to clients: how often they must send a frame. */
  readonly heartbeatMs: number;
  readonly offlineAfterMs: number;
  /** How long a session is kept after its connection was lost. */
  readonly resumeWithinMs: number;
  readonly sessionsPerUserMax: number;
  readonly tokenLifetimeMsMax: number;
  readonly tokenWarningMs: number;
  readonly rates: RateLimits;
  /** Rooms that a user may be in at the same time. */
  readonly roomsPerUserMax: number;
  /** Conversations that one request to read everything reads. */
  readonly readAllMax: number;
  /** Lookers are told at most so often that one user types in one conversation. */
  readonly typingEveryMs: number;
  /** When timers are later than this on average, a share of stored LOW and transient MEDIUM is turned away; of transient LOW from three quarters, of stored MEDIUM from one and a half times of it. */
  readonly loopLagMsMax: number;
  /** Frames of a connection that are refused for their rate within a second, from which on it is read slowly. */
  readonly floodRefusalsMax: number;
  /** How often, milliseconds, and how many messages are then taken at a time. */
  readonly floodTurnMs: number;
  readonly floodMessagesPerTurn: number;
  /** What waits unread of such a connection; beyond it the connection is closed. */
  readonly floodBacklogBytesMax: number;
  /** Requests of one connection that are under way at the same time. */
  readonly requestsInFlightMax: number;
  readonly requestWithinMs: number;
  /** How long a sync waits for the user's subscriptions. */
  readonly readyWithinMs: number;
  /** How long the answer to a join waits for the subscription to the channel. */
  readonly heardWithinMs: number;
  /** Unsent bytes at which a connection counts as congested; what comes then stays in its queues. */
  readonly congestedBytes: number;
  /** Queue budgets of one connection. */
  readonly urgentBytesMax: number;
  readonly normalBytesMax: number;
  readonly lowBytesMax: number;
  /** What may be queued of answers and notices: answers come one behind the other beyond normalBytesMax, and the largest has room here. */
  readonly answersBytesMax: number;
  /** Answers of a connection that wait for their turn; one more is refused with `OVERLOADED`, to be asked for again. */
  readonly answersWaitingBytesMax: number;
  /** One WebSocket message gets no new frames beyond this. */
  readonly bundleBytesMax: number;
  /** Conversations of which a congested connection is only told the head; more become one resync. */
  readonly marksMax: number;
  /** A connection that stays congested for so long is closed. */
  readonly slowWithinMs: number;
  /** Unsent bytes of one connection at which the listener drops it. */
  readonly bufferBytesMax: number;
  /** Local members from which on a channel is large: its events may wait for each other. */
  readonly bulkMembers: number;
  /** The longest time that events of large channels are put off, to write more at once. */
  readonly coalesceMsMax: number;
  readonly connectionsMax: number;
  readonly handshakesPerAddress: BucketPolicy;
  /** Rounds of asking history until all of a user's subscriptions were active before the question. */
  readonly refreshRoundsMax: number;
  /** How long a channel or user without local sessions stays subscribed. */
  readonly unusedKeptMs: number;
  /** Clients of a gateway that drains are told to come back after up to this time. */
  readonly drainSpreadMs: number;
  /** Within this time a gateway that drains has closed all connections. */
  readonly drainWithinMs: number;
}

export const gatewayLimits: GatewayLimits = {
  frameBytesMax: limits.frameBytesMax,
  loginFrameBytesMax: limits.loginFrameBytesMax,
  loginWithinMs: limits.loginWithinMs,
  heartbeatMs: limits.heartbeatMs,
  offlineAfterMs: limits.offlineAfterMs,
  resumeWithinMs: limits.resumeWithinMs,
  sessionsPerUserMax: limits.deviceSessionsMax,
  tokenLifetimeMsMax: limits.tokenLifetimeMsMax,
  tokenWarningMs: limits.tokenWarningMs,
  rates: {
    frames: { perSecond: 200, burst: 400 },
    stored: { perSecond: 10, burst: 30 },
    command: { perSecond: 30, burst: 60 },
    bullet: { perSecond: 50, burst: 100 },
    acts: { perSecond: 20, burst: 40 },
    typing: { perSecond: 3, burst: 6 },
    cursors: { perSecond: 50, burst: 200 },
    attributes: { perSecond: 10, burst: 20 },
    counters: { perSecond: 5, burst: 10 },
    moderation: { perSecond: 10, burst: 20 },
    groups: { perSecond: 10, burst: 100 },
    people: { perSecond: 5, burst: 100 },
    search: { perSecond: 2, burst: 5 },
    media: { perSecond: 5, burst: 20 },
    downloads: { perSecond: 50, burst: 200 },
    readAll: { perSecond: 0.2, burst: 3 },
  },
  roomsPerUserMax: limits.roomsPerUserMax,
  readAllMax: 10_000,
  typingEveryMs: 2_000,
  loopLagMsMax: 20,
  floodRefusalsMax: 2_000,
  floodTurnMs: 50,
  floodMessagesPerTurn: 10,
  floodBacklogBytesMax: 1024 * 1024,
  requestsInFlightMax: 16,
  requestWithinMs: 10_000,
  readyWithinMs: 10_000,
  heardWithinMs: 3_000,
  congestedBytes: 64 * 1024,
  urgentBytesMax: 1024 * 1024,
  normalBytesMax: 512 * 1024,
  lowBytesMax: 64 * 1024,
  answersBytesMax: 6 * 1024 * 1024,
  answersWaitingBytesMax: 2 * 1024 * 1024,
  bundleBytesMax: 64 * 1024,
  marksMax: 32,
  slowWithinMs: 20_000,
  bufferBytesMax: 8 * 1024 * 1024,
  bulkMembers: 500,
  coalesceMsMax: 60,
  connectionsMax: 100_000,
  handshakesPerAddress: { perSecond: 10, burst: 100 },
  refreshRoundsMax: 5,
  unusedKeptMs: 60_000,
  drainSpreadMs: 5_000,
  drainWithinMs: 10_000,
};

/** Relations without which the limits would contradict each other; throws when one is broken. */
export function assertGatewayLimits(given: GatewayLimits): void {
  const broken = [
    given.loginFrameBytesMax > given.frameBytesMax && 'loginFrameBytesMax exceeds frameBytesMax',
    given.heartbeatMs >= given.offlineAfterMs && 'offlineAfterMs must exceed heartbeatMs',
    given.lowBytesMax > given.normalBytesMax && 'lowBytesMax exceeds normalBytesMax',
    given.normalBytesMax > given.urgentBytesMax && 'normalBytesMax exceeds urgentBytesMax',
    given.answersBytesMax < given.normalBytesMax && 'normalBytesMax exceeds answersBytesMax',
    given.bufferBytesMax < given.congestedBytes + given.urgentBytesMax + given.normalBytesMax + given.lowBytesMax &&
      'bufferBytesMax must hold what the queues may hold',
    given.tokenWarningMs >= given.tokenLifetimeMsMax && 'tokenWarningMs exceeds the life of tokens',
  ].find((message) => message !== false);
  if (broken !== undefined) throw new Error(`gateway limits: ${broken}`);
}
