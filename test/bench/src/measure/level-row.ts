import type { Level } from '../chat/chat-server.js';
import type { Spread } from './percentiles.js';

/** Who sends what where, by the message's position in the run. */
export interface MessagePlan {
  readonly clients: number;
  readonly rooms: number;
  /** Members who must hear a message: all of the room but its sender. */
  readonly receivers: number;
  /** Whether messages of the level are not stored, so that nobody can fetch them later. */
  isTransient(level: Level): boolean;
  levelOf(n: number): Level;
  roomOf(n: number): number;
  /** Index of the client who sends it. */
  senderOf(n: number): number;
  roomOfClient(client: number): number;
}

/** What became of the messages of one level. Deliveries are counted per receiver. */
export interface LevelRow {
  readonly level: Level;
  readonly offered: number;
  readonly accepted: number;
  /** By the name of the error. */
  readonly refused: Readonly<Record<string, number>>;
  readonly unanswered: number;
  /** Deliveries if everything that was offered came through. */
  readonly wanted: number;
  /** Deliveries that accepted messages are due. */
  readonly due: number;
  readonly delivered: number;
  /** Deliveries within a second from when the message was due. */
  readonly inTime: number;
  /** Deliveries missing that the server said it dropped: in the room, or on the connection. */
  readonly shed: number;
  /** Deliveries missing on connections that were told to fetch from history. */
  readonly pending: number;
  /** Deliveries missing without a word. */
  readonly lost: number;
  readonly surplus: number;
  /** Messages that were refused and reached somebody all the same. */
  readonly contradicted: number;
  /** What the server said it dropped: deliveries, as the clients heard it. */
  readonly told: number;
  /** Milliseconds. */
  readonly ack: Spread;
  /** To the last member, milliseconds. A message that had not reached everybody at the end counts with its age. */
  readonly last: Spread;
}
