import { getConversation, queryConversations, readAll } from './conversation-requests.js';
import { getGroupMembers, getGroups, listGroupMembers, listGroupRequests } from './group-queries.js';
import { changeGroup, createGroup, dismissGroup, inviteToGroup, joinGroup, leaveGroup } from './group-requests.js';
import { queryHistory, sync } from './history-requests.js';
import { cancelUpload, completeUpload, createUpload, getDownloadUrl, shareMedia } from './media-requests.js';
import { getMessages, getReceipts, listPins, listReactions, listReaders, listReplies, searchMessages } from './message-queries.js';
import { changeRelations, checkRelations, getUsers, listRelations, updateProfile } from './people-requests.js';
import type { Answer, Asker, RequestDeps, RequestOf, RequestType } from './request-handler.js';
import { changeMemberAttributes, changeRoomAttributes, incrementCounter, renameRoom } from './room-changes.js';
import { banFromRoom, kickFromRoom, muteInRoom, setRoomRole } from './room-moderation.js';
import { getRoom, listRoomMembers, listRooms } from './room-queries.js';
import { createRoom, destroyRoom, enterRoom, leaveAllRooms, leaveRoom, switchRoom } from './room-requests.js';

type RequestTable = {
  readonly [T in RequestType]: (deps: RequestDeps, asker: Asker, request: RequestOf<T>) => Promise<Answer>;
};

/** What answers each request. */
const requestTable: RequestTable = {
  sync,
  queryHistory,
  getMessages,
  listReplies,
  listReactions,
  listPins,
  getReceipts,
  listReaders,
  searchMessages,
  queryConversations,
  getConversation,
  readAll,
  createGroup,
  joinGroup,
  leaveGroup,
  dismissGroup,
  inviteToGroup,
  changeGroup,
  getGroups,
  listGroupMembers,
  getGroupMembers,
  listGroupRequests,
  getUsers,
  updateProfile,
  changeRelations,
  listRelations,
  checkRelations,
  createUpload,
  completeUpload,
  cancelUpload,
  getDownloadUrl,
  shareMedia,
  createRoom,
  enterRoom,
  leaveRoom,
  leaveAllRooms,
  switchRoom,
  destroyRoom,
  getRoom,
  listRooms,
  listRoomMembers,
  kickFromRoom,
  banFromRoom,
  muteInRoom,
  setRoomRole,
  renameRoom,
  changeRoomAttributes,
  changeMemberAttributes,
  incrementCounter,
};

/** A request together with its type, as a frame holds it. */
export type RequestBody = { [T in RequestType]: { readonly type: T; readonly value: RequestOf<T> } }[RequestType];

/** Answers a request; rejects with a ParleyError when it is refused. */
export function answerRequest<T extends RequestType>(
  deps: RequestDeps,
  asker: Asker,
  body: { readonly type: T; readonly value: RequestOf<T> },
): Promise<Answer> {
  return requestTable[body.type](deps, asker, body.value);
}
