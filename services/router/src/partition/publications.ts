import type { LaneCommand, NoticeCommand } from '@parley/contracts/events';
import { channelOfUser, type Conversation, emptyBytes, limits } from '@parley/kernel';
import { encodeConversationEvent, type GroupChange, MembershipCause, type MembershipChange, Priority } from '@parley/wire';
import { forEverybody, type Publication } from '../fanout/publication.js';
import type { ConversationState } from './conversation-state.js';
import type { Stamp } from './stamps.js';

interface EncodedEvent {
  readonly seq: number;
  readonly event: Uint8Array;
}

/** A message on its way to all who listen to its conversation but the connection that sent it. */
export function messagePublication(
  { app, conversation, origin }: LaneCommand,
  state: ConversationState,
  { priority, seq, event }: EncodedEvent & { readonly priority: number },
): Publication {
  return {
    app,
    channels: channelsOf(state.conversation),
    event,
    priority,
    conversation,
    seq,
    exceptPeer: origin?.peer ?? '',
    exceptConnection: origin?.connection ?? 0,
    control: undefined,
    onlyTo: forEverybody.onlyTo,
    withheld: forEverybody.withheld,
    isForLookers: false,
  };
}

/** The same for some users and the sender; others get an empty place in the order instead, where there is a place. */
export function narrowed(
  publication: Publication,
  { users, sender, timeMs }: { readonly users: readonly string[]; readonly sender: string; readonly timeMs: number },
): Publication {
  const { conversation, seq, priority } = publication;
  const onlyTo = sender === '' || users.includes(sender) ? users : [...users, sender];
  const place = { conversation, seq, timeMs, priority: priority as Priority };
  return { ...publication, onlyTo, withheld: seq === 0 ? emptyBytes : encodeConversationEvent(place) };
}

/**
 * Tells a membership change that the state has taken in: the channel, and by their own channels those who do not
 * hear it there. Who is in a large room is no news to all of it: there the channel is told for the gateways' sake
 * only, and the event goes to those whom it concerns.
 */
function membershipPublications(
  { app, conversation }: LaneCommand,
  state: ConversationState,
  { seq, event, change }: EncodedEvent & { readonly change: MembershipChange },
): readonly Publication[] {
  const { joined, left, closed } = change;
  // Only who may speak has changed: nothing that anybody would fold.
  if (seq === 0 && joined.length === 0 && left.length === 0 && !closed) return [];
  // What is closed has no members.
  const isSmall = seq > 0 || state.members.size <= limits.roomVisibleMembersMax;
  const control = { channel: conversation, joined, left, closed };
  const rest = { app, priority: Priority.SYSTEM, conversation, seq, ...toEverybody, control };
  const toChannel = { ...rest, channels: [conversation], event: isSmall ? event : emptyBytes };
  const users = seq > 0 || (isSmall && !isForced(change)) ? joined : [...joined, ...left];
  return users.length === 0 ? [toChannel] : [toChannel, { ...rest, channels: users.map(channelOfUser), event }];
}

/** Tells what has changed about a group besides who is in it, or who came and went. */
export function changePublications(
  command: LaneCommand,
  state: ConversationState,
  { groupChange, ...told }: EncodedEvent & { readonly change: MembershipChange; readonly groupChange: GroupChange | undefined },
): readonly Publication[] {
  if (groupChange === undefined) return membershipPublications(command, state, told);
  const { app, conversation } = command;
  const { seq, event } = told;
  return [{ app, channels: [conversation], event, priority: Priority.SYSTEM, conversation, seq, ...toEverybody, control: undefined }];
}

/** Something to know now: it has no seq and is not kept. */
export function noticePublication(
  { app, conversation }: LaneCommand,
  state: ConversationState,
  { notice, stamp }: { readonly notice: NoticeCommand; readonly stamp: Stamp },
): Publication {
  const { body, onlyTo } = notice;
  const priority = notice.priority === Priority.UNSPECIFIED ? priorityOfNotice(body) : notice.priority;
  const event = encodeConversationEvent({ conversation, priority, sender: operatorOf(body), body, ...stamp });
  const channels = onlyTo.length === 0 ? channelsOf(state.conversation) : onlyTo.map(channelOfUser);
  return { app, channels, event, priority, conversation, seq: 0, ...toEverybody, control: undefined };
}

/** Rooms live by their notices; the others are news that nobody waits for. */
function priorityOfNotice(body: NoticeCommand['body']): Priority {
  return body?.type === 'roomChange' || body?.type === 'memberAttributes' ? Priority.HIGH : Priority.MEDIUM;
}

/** Who did what a notice tells, where it says so. */
function operatorOf(body: NoticeCommand['body']): string {
  switch (body?.type) {
    case 'roomChange':
    case 'memberAttributes':
      return body.value.operator;
    case 'profile':
      return body.value.profile?.user ?? '';
    default:
      return '';
  }
}

/** For publications that leave out nobody. */
const toEverybody = { exceptPeer: '', exceptConnection: 0, ...forEverybody } as const;

const forced: readonly MembershipCause[] = [MembershipCause.OFFLINE, MembershipCause.KICKED, MembershipCause.BANNED];

/** Whether those who left did not mean to, and may not listen to the channel at the moment. */
const isForced = ({ cause }: MembershipChange): boolean => forced.includes(cause);

/** Where a conversation's events are published. */
export function channelsOf(conversation: Conversation): readonly string[] {
  if (conversation.type !== 'user') return [conversation.id];
  const [a, b] = conversation.users;
  return a === b ? [channelOfUser(a)] : [channelOfUser(a), channelOfUser(b)];
}
