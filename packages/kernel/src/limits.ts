/** Limits that several services share; docs/limits.md explains them. Sizes in bytes, times in milliseconds. */
export const limits = {
  frameBytesMax: 64 * 1024,
  loginFrameBytesMax: 4 * 1024,
  loginWithinMs: 5_000,
  clientMsgIdBytesMax: 64,
  textBytesMax: 2 * 1024,
  /** The most that an app's setting can raise textBytesMax to. */
  textBytesCeiling: 32 * 1024,
  commandBytesMax: 5 * 1024,
  extensionBytesMax: 1024,
  /** Encoded content of any kind. */
  contentBytesMax: 40 * 1024,
  heartbeatMs: 10_000,
  offlineAfterMs: 35_000,
  resumeWithinMs: 300_000,
  historyPageMax: 100,
  historyPageDefault: 50,
  /** Items of a message of several. */
  multipleItemsMax: 20,
  combinedItemsMax: 100,
  combinedDepthMax: 3,
  /** Of forwarded messages. */
  combinedTitleBytesMax: 64,
  /** Preview of forwarded messages. */
  combinedSummaryBytesMax: 512,
  /** What happened, in a notice; also the names of its values. */
  noticeCodeBytesMax: 64,
  /** Values that a notice names. */
  noticeParametersMax: 20,
  /** URL of a file that lies elsewhere. */
  mediaUrlBytesMax: 2_048,
  /** A small picture inside a message. */
  thumbnailBytesMax: 8 * 1024,
  mentionsMax: 50,
  /** Members whom a message is for alone. */
  onlyToMax: 100,
  /** Each of title, body and payload of a message's notification. */
  pushTextBytesMax: 1_024,
  /** Template and thread of a notification. */
  pushNameBytesMax: 64,
  /** Number on the icon of the app. */
  pushBadgeMax: 9_999,
  recallWithinMs: 120_000,
  recallWithinMsMax: 24 * 3_600_000,
  editWithinMs: 24 * 3_600_000,
  reasonBytesMax: 300,
  reactionBytesMax: 32,
  /** Different reactions to one message. */
  reactionKindsMax: 20,
  pinsMax: 10,
  /** Messages that one act names. */
  actMessagesMax: 100,
  destroyAfterMsMin: 1_000,
  destroyAfterMsMax: 365 * 24 * 3_600_000,
  /** Up to so many members a group tells who has read a message. */
  receiptMembersMax: 500,
  /** Above, a group counts as large. */
  groupLargeAbove: 2_000,
  groupAdminsMax: 50,
  groupAttributesMax: 10,
  groupAttributeKeyBytesMax: 32,
  groupAttributeValueBytesMax: 4_096,
  groupNoticeBytesMax: 300,
  groupMutesMax: 1_000,
  /** Waiting at a time. */
  groupRequestsMax: 500,
  slowModeMsMax: 3_600_000,
  avatarBytesMax: 500,
  /** Names of users, nicknames, own names for others, texts of requests. */
  userNameBytesMax: 256,
  userExtensionBytesMax: 4_096,
  friendsMax: 3_000,
  blockedMax: 1_000,
  relationAttributesMax: 10,
  relationAttributeKeyBytesMax: 32,
  relationAttributeValueBytesMax: 256,
  /** How long a request to a friend or a group waits. */
  requestMs: 7 * 24 * 3_600_000,
  draftBytesMax: 4_096,
  marksMax: 20,
  markMax: 30,
  pinnedConversationsMax: 100,
  /** Unread mentions that a conversation remembers. */
  mentionMarksMax: 20,
  searchTextCharsMax: 100,
  /** Messages that one search looks at. */
  searchMessagesMax: 20_000,
  /** How long messages are kept, where the app does not say. */
  retentionMs: 365 * 24 * 3_600_000,
  imageBytesMax: 10 * 1024 * 1024,
  audioBytesMax: 6 * 1024 * 1024,
  videoBytesMax: 100 * 1024 * 1024,
  fileBytesMax: 100 * 1024 * 1024,
  mediaNameBytesMax: 255,
  /** How long a started upload may be continued. */
  uploadWithinMs: 24 * 3_600_000,
  /** How long a URL for a download holds. */
  downloadUrlMs: 600_000,
  groupMembersDefault: 2_000,
  groupMembersCeiling: 100_000,
  groupInviteMax: 100,
  roomMembersDefault: 6_000,
  roomMembersCeiling: 1_000_000,
  roomsPerUserMax: 5,
  roomAttributesMax: 20,
  roomAttributeKeyBytesMax: 64,
  roomAttributeValueBytesMax: 1024,
  /** Keys and values of a room together. */
  roomAttributesBytesMax: 5 * 1024,
  memberAttributesMax: 30,
  memberAttributeKeyBytesMax: 32,
  memberAttributeValueBytesMax: 256,
  roomCountersMax: 10,
  counterNameBytesMax: 32,
  /** A room tells its counters, and how many members it has when it is large, at most this often. */
  roomTallyEveryMs: 200,
  /** Up to so many members everybody is told who comes and goes; in larger rooms, how many there are. */
  roomVisibleMembersMax: 500,
  roomModeratorsMax: 50,
  roomMutesMax: 500,
  roomBansMax: 1_000,
  /** The longest ban or mute. */
  roomBanMsMax: 365 * 24 * 3_600_000,
  roomKickMax: 50,
  roomEmptyTtlMsMax: 3 * 3_600_000,
  /** A member without a connection for so long is out. */
  roomOfflineAfterMs: 30_000,
  /** What a room keeps of its events, and shows to newcomers where it is set to. */
  roomHistoryEventsMax: 2_000,
  roomHistoryMs: 24 * 3_600_000,
  memberPageMax: 100,
  nameCharsMax: 50,
  deviceSessionsMax: 20,
  tokenLifetimeMsMax: 24 * 24 * 3_600_000,
  tokenWarningMs: 30_000,
  /** How long a (sender, clientMsgId) is remembered. */
  dedupeMs: 7 * 24 * 3_600_000,
} as const;

if (limits.loginFrameBytesMax > limits.frameBytesMax) throw new Error('loginFrameBytesMax exceeds frameBytesMax');
if (limits.contentBytesMax >= limits.frameBytesMax) throw new Error('content must fit into a frame');
if (limits.textBytesCeiling > limits.contentBytesMax) throw new Error('textBytesCeiling exceeds contentBytesMax');
if (limits.offlineAfterMs < 3 * limits.heartbeatMs) throw new Error('offlineAfterMs must allow three heartbeats');
