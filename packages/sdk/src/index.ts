export { type ClientOptions, createClient, type Client, type EnteredRoom } from './client.js';
export { ParleyClientError } from './client-error.js';
export type { MessageContent, MessageContentInit, MessagePriority, SendPriority, UnknownContent } from './content.js';
export type { ConversationHandle, SendOptions } from './conversation-handle.js';
export type { Off } from './emitter.js';
export type { ClientEvents, ConnectionStatus, Gap, Membership, Message, TimelineEvent, UnknownEvent } from './events.js';
export type { History, HistoryOptions, HistoryPages } from './history-pages.js';
export { type SdkLimits, sdkLimits } from './limits.js';
export { memoryOutboxStore, type OutboxStore, type PendingSend } from './outbox-store.js';
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
export { type KeyValueStorage, storageOutboxStore } from './storage-outbox-store.js';
export { wakeWithBrowser } from './wake-with-browser.js';
