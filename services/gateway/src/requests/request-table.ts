import { createGroup, dismissGroup, inviteToGroup, joinGroup, leaveGroup, listGroupMembers } from './group-requests.js';
import { queryHistory, sync } from './history-requests.js';
import type { Answer, Asker, RequestDeps, RequestOf, RequestType } from './request-handler.js';
import { createRoom, destroyRoom, enterRoom, leaveRoom, listRoomMembers } from './room-requests.js';

type RequestTable = {
  readonly [T in RequestType]: (deps: RequestDeps, asker: Asker, request: RequestOf<T>) => Promise<Answer>;
};

/** What answers each request. */
const requestTable: RequestTable = {
  sync,
  queryHistory,
  createGroup,
  joinGroup,
  leaveGroup,
  dismissGroup,
  listGroupMembers,
  inviteToGroup,
  createRoom,
  enterRoom,
  leaveRoom,
  destroyRoom,
  listRoomMembers,
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
