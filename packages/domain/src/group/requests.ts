import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import { createGroupRequest, type GroupRequest, GroupRequestKind, RequestState } from '@parley/wire';
import type { OpenGroup } from '../group.js';
import type { PersistentMap } from '../persistent-map.js';
import { deniedTo, type GroupDecision, type GroupDraft, type GroupFold, groupNotFound, noGroupChange, type Operation } from './draft.js';

type Requests = PersistentMap<GroupRequest>;

/** The request of the user that still waits for an answer. */
export function waitingRequest({ requests }: Pick<OpenGroup, 'requests'>, user: string, nowMs: number): GroupRequest | undefined {
  const request = requests.get(user);
  return request !== undefined && isWaiting(request, nowMs) ? request : undefined;
}

const isWaiting = ({ state, sentMs }: GroupRequest, nowMs: number): boolean =>
  state === RequestState.WAITING && nowMs < sentMs + limits.requestMs;

/** The request as it is at that time: one that nobody has answered in time has expired. */
export function requestAt(request: GroupRequest, nowMs: number): GroupRequest {
  const isExpired = request.state === RequestState.WAITING && !isWaiting(request, nowMs);
  return isExpired ? { ...request, state: RequestState.EXPIRED } : request;
}

/** What is asked for. */
export interface Question {
  readonly kind: GroupRequestKind;
  readonly users: readonly string[];
  /** Empty for wishes to join. */
  readonly invitedBy: string;
  readonly text: string;
}

/** Asks; whoever waits for the same answer already is not asked again, other waiting requests of the users are replaced. */
export function asking(group: OpenGroup, { kind, users, invitedBy, text }: Question, context: Asking): GroupDecision {
  const { timeMs, operator } = context;
  const asked = users.filter((user) => {
    const waiting = waitingRequest(group, user, timeMs);
    return waiting === undefined || waiting.kind !== kind || waiting.invitedBy !== invitedBy || waiting.text !== text;
  });
  if (asked.length > 0 && waitingCount(group, asked, timeMs) + asked.length > limits.groupRequestsMax) {
    return refused(refusal('LIMIT_REACHED', `requests: at most ${limits.groupRequestsMax} wait`));
  }
  const question = { kind, invitedBy, text, sentMs: timeMs, state: RequestState.WAITING };
  return ok(
    asked.map((user): GroupDraft => ({ operator, change: { type: 'requested', value: createGroupRequest({ ...question, user }) } })),
  );
}

interface Asking {
  readonly operator: string;
  readonly timeMs: number;
}

/** What is wrong with the text of a request, if anything. */
export function refusalOfRequestText(text: string): Refusal | undefined {
  const { userNameBytesMax } = limits;
  return Buffer.byteLength(text) <= userNameBytesMax ? undefined : refusal('INVALID_ARGUMENT', `text: at most ${userNameBytesMax} bytes`);
}

/** The yes to each request of the users that waits. */
export function accepting(group: OpenGroup, users: readonly string[], { operator, timeMs }: Asking): readonly GroupDraft[] {
  return users.flatMap((user) => {
    const waiting = waitingRequest(group, user, timeMs);
    return waiting === undefined ? [] : [answering(waiting, true, { operator, timeMs })];
  });
}

/**
 * Answers a request. Yes to a wish to join comes from owner, admins and back end, yes to an invitation from the invited
 * user and the back end; whoever is concerned may say no, which for the asking side takes the request back.
 */
export function decideAnswerRequest(group: OpenGroup, { operator, value, timeMs }: Operation<'answerRequest'>): GroupDecision {
  const { user, isAccepted } = value;
  const request = waitingRequest(group, user, timeMs) ?? withdrawable(group, { operator, value });
  if (request === undefined) return answerAgain(group, { operator, value, timeMs });
  const isInvitation = request.kind === GroupRequestKind.INVITATION;
  const isOwn = operator === user;
  if (isAccepted && operator !== '' && isOwn !== isInvitation) {
    return refused(deniedTo(isInvitation ? 'the invited user accepts' : 'owner or an admin accepts'));
  }
  const answer = answering(request, isAccepted, { operator, timeMs });
  if (!isAccepted) return ok([answer]);
  if (group.members.size >= group.memberLimit) return refused(refusal('GROUP_FULL'));
  return ok([answer, { operator, change: { type: 'joined', value: { users: [user], invitedBy: request.invitedBy } } }]);
}

/** Who has asked, and the back end, may take back also what has expired: its words go. */
function withdrawable({ requests }: OpenGroup, { operator, value }: Pick<Operation<'answerRequest'>, 'operator' | 'value'>) {
  const { user, isAccepted } = value;
  const request = requests.get(user);
  const isOwn = operator === '' || operator === user;
  return isOwn && !isAccepted && request?.state === RequestState.WAITING ? request : undefined;
}

/** The newest request of each user, without those that nobody needs to see any more. */
export function foldRequest(group: OpenGroup, request: GroupRequest, timeMs: number): GroupFold {
  let requests: Requests = group.requests.with(request.user, request);
  for (const [user, { sentMs, answeredMs }] of group.requests.entries()) {
    const isOld = Math.max(sentMs, answeredMs) + limits.requestMs <= timeMs;
    if (isOld && user !== request.user) requests = requests.without(user);
  }
  return { requests: requests.size > requestsKeptMax ? withoutOldestAnswered(requests) : requests };
}

/** An answer that was given before, told again, is no error; to outsiders everything else is no group. */
function answerAgain(group: OpenGroup, { operator, value }: Operation<'answerRequest'>): GroupDecision {
  const { user, isAccepted } = value;
  const request = group.requests.get(user);
  const given = isAccepted ? RequestState.ACCEPTED : RequestState.REJECTED;
  if (request?.state === given && request.answeredBy === operator) return noGroupChange;
  const isOutsider = operator !== '' && !group.members.has(operator);
  return refused(isOutsider ? groupNotFound : refusal('REQUEST_NOT_FOUND'));
}

/** What was asked is answered: the words of the question go. */
function answering(request: GroupRequest, isAccepted: boolean, { operator, timeMs }: Asking): GroupDraft {
  const state = isAccepted ? RequestState.ACCEPTED : RequestState.REJECTED;
  return { operator, change: { type: 'requested', value: { ...request, text: '', state, answeredBy: operator, answeredMs: timeMs } } };
}

/** How many others wait than the users. */
function waitingCount({ requests }: OpenGroup, without: readonly string[], nowMs: number): number {
  const asked = new Set(without);
  let count = 0;
  for (const [user, request] of requests.entries()) if (!asked.has(user) && isWaiting(request, nowMs)) count++;
  return count;
}

/** Waiting ones and as many answered ones. */
const requestsKeptMax = 2 * limits.groupRequestsMax;

function withoutOldestAnswered(requests: Requests): Requests {
  let oldest: GroupRequest | undefined;
  for (const [, request] of requests.entries()) {
    if (request.state === RequestState.WAITING || request.answeredMs >= (oldest?.answeredMs ?? Infinity)) continue;
    oldest = request;
  }
  return oldest === undefined ? requests : requests.without(oldest.user);
}
