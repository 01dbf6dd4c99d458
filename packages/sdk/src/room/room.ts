import type { MessageContentInit } from '../content.js';
import type { ConversationHandle, SendOptions } from '../conversation-handle.js';
import type { Off } from '../emitter.js';
import type { History, HistoryOptions, HistoryPages } from '../history-pages.js';
import type { SendHandle } from '../send-handle.js';
import type { RoomRoleName, RoomSnapshot } from './room-details.js';
import type { RoomConnectionState, RoomEvents } from './room-events.js';

/** How a change of attributes is carried out. */
export interface AttributeOptions {
  /** Also keys that belong to others, which are ATTRIBUTE_OWNED otherwise. */
  readonly force?: boolean;
  /** Keys that are set belong to this user from here on; otherwise those that were there keep their owner. */
  readonly updateOwner?: boolean;
  /** Keys that are set go away when their owner leaves. */
  readonly deleteOnLeave?: boolean;
  /** Only if `stateVersion` is this one, else VERSION_CONFLICT. */
  readonly ifVersion?: number;
}

/** Attributes to set and keys to delete, together or not at all. */
export interface AttributeChanges {
  readonly set?: Readonly<Record<string, string>>;
  readonly deleted?: readonly string[];
}

/** Whom a mute is for: one user, or everybody of a role. */
export type MuteTarget = string | { readonly role: 'member' | 'moderator' };

/** What a room tells itself: the client's events of this room, and `changed` after each consistent step. */
export interface OwnRoomEvents extends RoomEvents {
  changed: Room;
}

/**
 * A room that the user has entered. What it shows is kept true while the user is in; each value is replaced as a whole,
 * never changed in place. After `disconnected` it stays as it was: entering again answers with another object.
 *
 * Everything that asks the server rejects with a ParleyClientError; roles that an operation needs are held to by the
 * server (PERMISSION_DENIED).
 */
export interface Room extends Omit<RoomSnapshot, 'version' | 'tallyVersion'> {
  readonly id: string;
  readonly state: RoomConnectionState;
  /** Of this user. */
  readonly role: RoomRoleName;
  /** Until when this user may not speak, milliseconds since 1970 (UTC) by the server's clock; 0: no mute is known. */
  readonly mutedUntilMs: number;
  readonly conversation: ConversationHandle;

  on<Name extends keyof OwnRoomEvents>(name: Name, listener: (value: OwnRoomEvents[Name]) => void): Off;

  /** Says something, see `ConversationHandle.send`. Commands and bullets are not repeated when they are refused or lost. */
  send(content: string | MessageContentInit, options?: SendOptions): SendHandle;
  history(options?: HistoryOptions): Promise<History>;
  pages(options?: HistoryOptions): HistoryPages;

  /** Resolves with the version that has the change, once `attributes` shows it. */
  setAttributes(values: Readonly<Record<string, string>>, options?: AttributeOptions): Promise<number>;
  deleteAttributes(keys: readonly string[], options?: AttributeOptions): Promise<number>;
  /** One batch: everybody sees all of it or none. */
  changeAttributes(changes: AttributeChanges, options?: AttributeOptions): Promise<number>;
  /** Of this user, or of another one where the role allows it. Resolves with the version of that member's attributes. */
  setMemberAttributes(values: Readonly<Record<string, string>>, of?: { readonly user?: string }): Promise<number>;
  changeMemberAttributes(changes: AttributeChanges, of?: { readonly user?: string }): Promise<number>;

  /** Adds to the counter `likes`. */
  like(count?: number): void;
  /**
   * Adds to a counter: collected, told at most twice a second, exactly once; `counters` shows what the server says.
   * Throws INVALID_ARGUMENT for what is no name (1–32 bytes) or no positive whole number; what the server refuses for
   * good is told by the client's `error`.
   */
  increment(counter: string, count?: number): void;

  /** Resolves with those who were in. */
  kick(users: string | readonly string[]): Promise<readonly string[]>;
  /** For a year where no duration is given. Resolves with the end of the ban. */
  ban(user: string, durationMs?: number): Promise<number>;
  unban(user: string): Promise<void>;
  /** For a year where no duration is given. Resolves with the end of the mute. */
  mute(target: MuteTarget, durationMs?: number): Promise<number>;
  /** Of a user while the role is muted: makes an exception. */
  unmute(target: MuteTarget): Promise<void>;
  /** Everybody but the owner. */
  muteAll(durationMs?: number): Promise<number>;
  unmuteAll(): Promise<void>;
  /** Naming an owner makes the former one a moderator. */
  setRole(user: string, role: RoomRoleName): Promise<void>;
  rename(name: string): Promise<void>;
  leave(): Promise<void>;
  destroy(): Promise<void>;
}
