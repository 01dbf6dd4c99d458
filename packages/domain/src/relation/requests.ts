import { limits } from '@parley/kernel';
import { type FriendRequest, RequestState } from '@parley/wire';

/** Whether a request still waits for its answer: nothing is written when its 7 days are over. */
export const isWaiting = (request: FriendRequest | undefined, nowMs: number): request is FriendRequest =>
  request?.state === RequestState.WAITING && nowMs - request.sentMs < limits.requestMs;

/** The request with its answer, or ended without one; one that waits no more stays as it is. */
export function ended(request: FriendRequest | undefined, state: RequestState, nowMs: number): FriendRequest | undefined {
  if (!isWaiting(request, nowMs)) return request;
  return { ...request, state, answeredMs: state === RequestState.EXPIRED ? 0 : nowMs };
}
