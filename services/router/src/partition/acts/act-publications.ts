import type { LaneCommand } from '@parley/contracts/events';
import { isViewChanged, relationViewOf } from '@parley/domain';
import { channelOfUser } from '@parley/kernel';
import { type ConversationEvent, encodeConversationEvent, Priority, type Relation } from '@parley/wire';
import { forEverybody, type Publication } from '../../fanout/publication.js';
import type { ConversationState } from '../conversation-state.js';
import { channelsOf, narrowed } from '../publications.js';
import type { Stamp } from '../stamps.js';

export type EventBody = NonNullable<ConversationEvent['body']>;

/** An act that has become an event. */
export interface ActEvent {
  readonly command: LaneCommand;
  readonly state: ConversationState;
  readonly sender: string;
  readonly body: EventBody;
  /** 0 for what takes no place in the order. */
  readonly seq: number;
  readonly stamp: Stamp;
  /** Encoded. */
  readonly event: Uint8Array;
  /** Who may see it besides the sender; empty: all. */
  readonly onlyTo: readonly string[];
}

/** What takes something away must not come late. */
export const priorityOfBody = ({ type }: EventBody): Priority => {
  if (type === 'recalled' || type === 'deleted') return Priority.HIGH;
  return type === 'typing' ? Priority.LOW : Priority.MEDIUM;
};

/**
 * An act with a seq goes to everybody who gets messages, to the connection that did it as well: only the event says
 * what exactly has become of it.
 */
export function orderedPublication(act: ActEvent): Publication {
  const publication = publish(act, channelsOf(act.state.conversation));
  if (act.onlyTo.length === 0) return publication;
  return narrowed(publication, { users: act.onlyTo, sender: act.sender, timeMs: act.stamp.timeMs });
}

/** Something for some users, on their own channels. */
export const publicationFor = (act: ActEvent, ...users: readonly string[]): Publication => publish(act, users.map(channelOfUser));

/** Only to those who look at the conversation; not to who types. */
export function typingPublication(act: ActEvent): Publication {
  const { command, state, sender } = act;
  const others = channelsOf(state.conversation).filter((channel) => channel !== channelOfUser(sender));
  const { peer = '', connection = 0 } = command.origin ?? {};
  return { ...publish(act, others), exceptPeer: peer, exceptConnection: connection, isForLookers: true };
}

/** Each of two users is told a relation in their own view, where that has changed: whom the other one blocks is no news. */
export function relationPublications(act: ActEvent, before: Relation | undefined, after: Relation): readonly Publication[] {
  const { command, state, stamp } = act;
  const { conversation } = command;
  if (state.conversation.type !== 'user') return [];
  const users = state.conversation.users.filter((user) => isViewChanged(before, after, user));
  return users.map((user) => {
    const body = { type: 'relation', value: { relation: relationViewOf(after, user) } } as const;
    const event = encodeConversationEvent({ conversation, priority: priorityOfBody(body), body, ...stamp });
    return publish({ ...act, body, seq: 0, event }, [channelOfUser(user)]);
  });
}

function publish({ command: { app, conversation }, body, seq, event }: ActEvent, channels: readonly string[]): Publication {
  return {
    app,
    channels,
    event,
    priority: priorityOfBody(body),
    conversation,
    seq,
    exceptPeer: '',
    exceptConnection: 0,
    control: undefined,
    onlyTo: forEverybody.onlyTo,
    withheld: forEverybody.withheld,
    isForLookers: false,
  };
}
