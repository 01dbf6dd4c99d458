import { limits } from '@parley/kernel';
import { type FriendRequest, RequestState } from '@parley/wire';

/** Whether a request still waits for its answer: nothing is written when its 7 days are over. */
export const isWaiting = (request: FriendRequest | undefined, nowMs: number): request is FriendRequest =>
  request?.state === RequestState.WAITING && nowMs - request.sentMs < limits.requestMs;

/** The request with its answer; one that waits no more stays as it is. */
export const answered = (request: FriendRequest | undefined, state: RequestState, nowMs: number): FriendRequest | undefined =>
  isWaiting(request, nowMs) ? { ...request, state, answeredMs: nowMs } : request;
