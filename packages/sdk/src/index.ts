export { type Client, createClient } from './client.js';
export { ParleyClientError } from './client-error.js';
export type { Conversation, MessagePage, ReplyQuery, SearchQuery } from './conversation/conversation.js';
export type { ConversationItem } from './conversation/conversation-item.js';
export type { ExportedEvent, Json } from './conversation/export.js';
export type { ConversationSettings } from './conversation/settings.js';
export type { ConversationsPage, FullClientOptions, NewGroup } from './client.js';
export type { Group, GroupCondition, GroupMembersPage, GroupOutcome } from './groups/group.js';
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
export { memoryOutboxStore } from './outbox-store.js';
export type { FriendRequestInfo, RelationInfo } from './people/relation-details.js';
export { storageOutboxStore } from './storage-outbox-store.js';
export { wakeWithBrowser } from './wake-with-browser.js';
