export { type Client, createClient } from './client.js';
export { ParleyClientError } from './client-error.js';
export type { Conversation, MessagePage, ReplyQuery, SearchQuery } from './conversation/conversation.js';
export type { ConversationItem } from './conversation/conversation-item.js';
export type { ExportedEvent, Json } from './conversation/export.js';
export type { ConversationSettings } from './conversation/settings.js';
export type { ConversationsPage, FullClientOptions, NewGroup } from './client.js';
export type { Group, GroupCondition, GroupMembersPage, GroupMembersQuery, GroupOutcome } from './groups/group.js';
export type { People, RelationOutcome, RelationsPage } from './people/people.js';
export type { ClientParts, ClientSteps } from './client-parts.js';
export type * from './core-types.js';
export type {
  ConversationChanged,
  GroupChanged,
  GroupRequestEvent,
  ReceiptChanged,
  RelationEvent,
  SettingsPatch,
  TypingChanged,
  UserChanged,
} from './events.js';
export type {
  GroupBehaviour,
  GroupChangeDetails,
  GroupMemberInfo,
  GroupMuteEntry,
  GroupRequestInfo,
  GroupRoleName,
  GroupView,
  RequestStateName,
} from './groups/group-details.js';
export { type SdkLimits, sdkLimits } from './limits.js';
export type { ConversationList, ConversationsSnapshot, ConversationView, ListFilter } from './live/conversation-list.js';
export type { ListedItem } from './live/listed-conversation.js';
export type { LiveEntry, LiveMessages, LiveMessagesOptions, MessagesSnapshot } from './live/live-messages.js';
export type { LiveThread, ThreadSnapshot } from './live/live-thread.js';
export type { LiveView } from './live/live-view.js';
export type { UnsentMessage } from './live/unsent.js';
export { type IndexedDbOptions, indexedDbStore } from './local-store/indexed-db-store.js';
export type {
  KeptConversation,
  KeptEvent,
  KeptSend,
  KeptUpload,
  KeptView,
  LocalStore,
  SeqRange,
  StoreChange,
} from './local-store/local-store.js';
export { memoryStore } from './local-store/memory-store.js';
export type { BlobLike, FileInput, FileSource } from './media/file-source.js';
export { defaultHttp, type HttpAnswer, type HttpPort, type HttpRequest } from './media/http-port.js';
export type { FileOptions, Media, UploadedFile } from './media/media.js';
export type { FileDetails, FileKind } from './media/media-content.js';
export type { UploadProgress } from './media/upload.js';
export type { PreparedSend } from './live/unsent.js';
export type { StoreBounds } from './local-store/store-limits.js';
export { memoryOutboxStore } from './outbox-store.js';
export type { FriendRequestInfo, RelationInfo } from './people/relation-details.js';
export { storageOutboxStore } from './storage-outbox-store.js';
export { wakeWithBrowser } from './wake-with-browser.js';
