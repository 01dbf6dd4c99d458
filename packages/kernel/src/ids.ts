import { refusal, type Refusal } from './errors.js';
import { limits } from './limits.js';
import { ok, refused, type Result } from './result.js';

declare const brand: unique symbol;
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

export type AppId = Brand<string, 'AppId'>;
export type UserId = Brand<string, 'UserId'>;
export type DeviceId = Brand<string, 'DeviceId'>;
export type GroupId = Brand<string, 'GroupId'>;
export type RoomId = Brand<string, 'RoomId'>;
/** `u:<a>|<b>` with a ≤ b, `g:<group>` or `r:<room>`. */
export type ConversationId = Brand<string, 'ConversationId'>;
/** Where events are published: `user:<id>`, `g:<group>`, `r:<room>`. */
export type ChannelId = Brand<string, 'ChannelId'>;

const plainId = /^[A-Za-z0-9_.-]{1,64}$/;
const userId = /^[A-Za-z0-9_.-]{1,32}$/;

export const isAppId = (text: string): text is AppId => plainId.test(text);
export const isDeviceId = (text: string): text is DeviceId => plainId.test(text);
export const isGroupId = (text: string): text is GroupId => plainId.test(text);
export const isRoomId = (text: string): text is RoomId => plainId.test(text);
export const isUserId = (text: string): text is UserId => userId.test(text);

const plainMsgId = /^[ -~]{1,64}$/;

/** Whether a client may give a message this id: 1 to 64 bytes of UTF-8, none of them zero, which ends ids in the keys of stores. */
export function isClientMsgId(text: string): boolean {
  if (plainMsgId.test(text)) return true;
  let bytes = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code === 0) return false;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes >= 1 && bytes <= limits.clientMsgIdBytesMax;
}

/** A conversation id, taken apart. */
export type Conversation =
  | { readonly type: 'user'; readonly id: ConversationId; readonly users: readonly [UserId, UserId] }
  | { readonly type: 'group'; readonly id: ConversationId; readonly group: GroupId }
  | { readonly type: 'room'; readonly id: ConversationId; readonly room: RoomId };

/** Reads a conversation id; a refusal names what is wrong with it. */
export function parseConversation(text: string): Result<Conversation, Refusal> {
  const rest = text.slice(2);
  switch (text.slice(0, 2)) {
    case 'u:': {
      const [a, b, more] = rest.split('|');
      if (a === undefined || b === undefined || more !== undefined || !isUserId(a) || !isUserId(b) || a > b) break;
      return ok({ type: 'user', id: text as ConversationId, users: [a, b] });
    }
    case 'g:':
      if (!isGroupId(rest)) break;
      return ok({ type: 'group', id: text as ConversationId, group: rest });
    case 'r:':
      if (!isRoomId(rest)) break;
      return ok({ type: 'room', id: text as ConversationId, room: rest });
    default:
  }
  return refused(refusal('INVALID_ARGUMENT', 'conversation: expected u:<user>|<user> (sorted), g:<group> or r:<room>'));
}

/** The conversation between two users; the same whoever asks. A user may write to themselves. */
export const conversationOfUsers = (a: UserId, b: UserId): ConversationId => `u:${a <= b ? a : b}|${a <= b ? b : a}` as ConversationId;
export const conversationOfGroup = (group: GroupId): ConversationId => `g:${group}` as ConversationId;
export const conversationOfRoom = (room: RoomId): ConversationId => `r:${room}` as ConversationId;
export const channelOfUser = (user: string): ChannelId => `user:${user}` as ChannelId;
