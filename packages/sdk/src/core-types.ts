export type { ClientOptions, CoreClient, EnteredRoom } from './core-client.js';
export type {
  CombinedContent,
  CombinedContentInit,
  CombinedEntry,
  MessageContent,
  MessageContentInit,
  MessagePriority,
  MultipleContent,
  MultipleContentInit,
  SendPriority,
  UnknownContent,
} from './content.js';
export type { ConversationHandle, SendOptions } from './conversation-handle.js';
export type { Off } from './emitter.js';
export type {
  ClientEvents,
  ConnectionStatus,
  Gap,
  HiddenEvent,
  Membership,
  Message,
  MessageDeleted,
  MessageDetails,
  MessageEdited,
  MessageRecalled,
  PinsChanged,
  Reaction,
  ReactionsChanged,
  RemovalCause,
  TimelineEvent,
  TimelineEvents,
  UnknownEvent,
  UserErased,
} from './events.js';
export type { History, HistoryOptions, HistoryPages } from './history-pages.js';
export type { Mentions, MessageExtras, MessageExtrasInit, ReplyTo } from './message-options.js';
export type { OutboxStore, PendingSend } from './outbox-store.js';
export type { AttributeChanges, AttributeOptions, MuteTarget, OwnRoomEvents, Room } from './room/room.js';
export type { MembershipCauseName, RoomAttributeValue, RoomBehaviour, RoomMuteEntry, RoomRoleName } from './room/room-details.js';
export type { RoomConnectionState, RoomEvents, RoomStateCause } from './room/room-events.js';
export type {
  EnterOptions,
  ListedMember,
  ListedRoom,
  NewRoom,
  RoomMembersPage,
  RoomMembersQuery,
  RoomPage,
  RoomQuery,
  Rooms,
} from './room/rooms.js';
export type { SendHandle, SendState, StoredMessage } from './send-handle.js';
export type { WebSocketLike } from './socket.js';
export type { ClientPosition } from './timeline.js';
export type { KeyValueStorage } from './storage-outbox-store.js';
