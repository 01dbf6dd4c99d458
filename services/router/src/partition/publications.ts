import type { LaneCommand, NoticeCommand } from '@parley/contracts/events';
import { channelOfUser, type Conversation, emptyBytes, limits } from '@parley/kernel';
import { encodeConversationEvent, MembershipCause, type MembershipChange, Priority } from '@parley/wire';
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

/**
 * Tells a membership change that the state has taken in: the channel, and by their own channels those who do not
 * hear it there. Who is in a large room is no news to all of it: there the channel is told for the gateways' sake
 * only, and the event goes to those whom it concerns.
 */
export function membershipPublications(
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

/** Something to know now: it has no seq and is not kept. */
export function noticePublication({ app, conversation }: LaneCommand, notice: NoticeCommand, stamp: Stamp): Publication {
  const { body, onlyTo } = notice;
  const byKind = body?.type === 'roomTally' ? Priority.MEDIUM : Priority.HIGH;
  const priority = notice.priority === Priority.UNSPECIFIED ? byKind : notice.priority;
  const sender = operatorOf(body);
  const event = encodeConversationEvent({ conversation, priority, sender, body, ...stamp });
  const channels = onlyTo.length === 0 ? [conversation] : onlyTo.map(channelOfUser);
  return { app, channels, event, priority, conversation, seq: 0, ...toEverybody, control: undefined };
}

/** Who did what a notice tells, where it says so. */
function operatorOf(body: NoticeCommand['body']): string {
  switch (body?.type) {
    case 'roomChange':
    case 'memberAttributes':
      return body.value.operator;
    default:
      return '';
  }
}

const toEverybody = { exceptPeer: '', exceptConnection: 0, ...forEverybody } as const;

const forced: readonly MembershipCause[] = [MembershipCause.OFFLINE, MembershipCause.KICKED, MembershipCause.BANNED];

/** Whether those who left did not mean to, and may not listen to the channel at the moment. */
const isForced = ({ cause }: MembershipChange): boolean => forced.includes(cause);

/** Where a conversation's events are published. */
function channelsOf(conversation: Conversation): readonly string[] {
  if (conversation.type !== 'user') return [conversation.id];
  const [a, b] = conversation.users;
  return a === b ? [channelOfUser(a)] : [channelOfUser(a), channelOfUser(b)];
}
