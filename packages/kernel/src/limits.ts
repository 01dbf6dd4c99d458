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
