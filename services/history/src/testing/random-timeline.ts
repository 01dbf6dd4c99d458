import { encodeTimelineBatch, type TimelineEntryInit } from '@parley/contracts/events';
import type { AcceptedRecord } from '@parley/ownedlog';
import {
  type ConversationEventInit,
  encodeContent,
  encodeConversationEvent,
  type MessageOptionsInit,
  type SettingInit,
} from '@parley/wire';
import fc from 'fast-check';

export const app = 'app';
export const users = ['ann', 'bob', 'eve'];
export const conversations = ['r:hall', 'g:team', 'u:ann|bob', 'u:ann|ann'];

/** Something that happens somewhere; what makes no sense there and then does not happen. */
export interface Step {
  readonly type: (typeof types)[number];
  readonly conversation: string;
  readonly user: string;
  readonly users: readonly string[];
  /** Picks a message, a setting, a reaction. */
  readonly pick: number;
  readonly isOn: boolean;
}

const types = [
  ...['message', 'message', 'message', 'mention', 'reply', 'expiring', 'edit', 'remention', 'recall', 'delete', 'react', 'react', 'pin'],
  ...[
    'cursor',
    'cursor',
    'settings',
    'hide',
    'report',
    'relation',
    'profile',
    'erase',
    'rules',
    'join',
    'join',
    'leave',
    'close',
    'rename',
  ],
] as const;

/** Steps of these types in these conversations; of all where they are not named. */
export function stepsOf(only: readonly Step['type'][] = types, among: readonly string[] = conversations): fc.Arbitrary<readonly Step[]> {
  const step = fc.record({
    type: fc.constantFrom(...only),
    conversation: fc.constantFrom(...among),
    user: fc.constantFrom(...users),
    users: fc.subarray(users, { minLength: 1 }),
    pick: fc.nat(40),
    isOn: fc.boolean(),
  });
  return fc.array(step, { maxLength: 50, size: 'max' });
}

interface Place {
  head: number;
  countable: number;
  version: number;
  closed: boolean;
  members: Set<string>;
  messages: number[];
  reactions: Set<string>;
}

/** What a router, without its checks of who may, makes of the steps: a record each. */
export function timelineOf(all: readonly Step[]): readonly AcceptedRecord[] {
  const places = new Map<string, Place>();
  const records: AcceptedRecord[] = [];
  for (const step of all) {
    const place = placeOf(places, step.conversation);
    const entry = entryOf(step, place, 1_000 + records.length);
    if (entry === undefined) continue;
    const offset = records.length;
    const payload = encodeTimelineBatch({ entries: [{ app, ...entry }] });
    records.push({ offset, fence: 0, index: offset + 1, timeMs: 1_000 + offset, payload, key: '', positions: new Map() });
  }
  return records;
}

function placeOf(places: Map<string, Place>, conversation: string): Place {
  const known = places.get(conversation);
  if (known !== undefined) return known;
  const members = conversation.startsWith('u:') ? conversation.slice(2).split('|') : [];
  const place: Place = { head: 0, countable: 0, version: 0, closed: false, members: new Set(members), messages: [], reactions: new Set() };
  places.set(conversation, place);
  return place;
}

function entryOf(step: Step, place: Place, timeMs: number): TimelineEntryInit | undefined {
  const made = eventOf(step, place, timeMs);
  if (made === undefined) return undefined;
  const { isStored, isCountable = false, event, ...more } = made;
  if (isStored) place.head++;
  if (isCountable) place.countable++;
  if (event.body?.type === 'content') place.messages.push(place.head);
  const seq = isStored ? place.head : 0;
  const encoded = encodeConversationEvent({ conversation: step.conversation, seq, timeMs, messageId: `m${seq}`, ...event });
  return { event: encoded, countable: place.countable, ...more };
}

interface Made extends MadeWith {
  readonly isStored: boolean;
  readonly isCountable?: boolean;
  readonly event: ConversationEventInit;
}

type MadeWith = Omit<TimelineEntryInit, 'event' | 'countable'>;

function eventOf(step: Step, place: Place, timeMs: number): Made | undefined {
  const { pick, isOn } = step;
  const target = targetOf(step, place);
  switch (step.type) {
    case 'message':
      return message(step, place, undefined);
    case 'mention':
      return message(step, place, { mentions: { users: step.users, isEveryone: pick % 4 === 0, isSilent: isOn } });
    case 'reply':
      return target === undefined ? undefined : message(step, place, { reply: { seq: target, rootSeq: target, sender: 'ann' } });
    case 'expiring':
      return message(step, place, isOn ? { expiresMs: timeMs + 500 } : { onlyTo: step.users, noUnread: true });
    default:
      return actOn(step, place, timeMs) ?? ownView(step, place) ?? change(step, place);
  }
}

/** The message that a step is about; undefined where there is none. */
const targetOf = ({ pick }: Step, { messages }: Place): number | undefined => messages[pick % Math.max(1, messages.length)];

/** What somebody does to a message. */
function actOn(step: Step, place: Place, timeMs: number): Made | undefined {
  const { user, pick, isOn } = step;
  const seq = targetOf(step, place);
  if (seq === undefined || !place.members.has(user)) return undefined;
  const act = (body: ConversationEventInit['body']): Made => ({ isStored: true, event: { sender: user, body } });
  const edit = { seq, content: text(`edit ${timeMs}`) };
  switch (step.type) {
    case 'edit':
      return act({ type: 'edited', value: edit });
    case 'remention':
      return act({ type: 'edited', value: { ...edit, isRemention: true, mentions: { users: step.users, isEveryone: isOn } } });
    case 'recall':
      return act({ type: 'recalled', value: { seq, reason: 'why' } });
    case 'delete':
      return act({ type: 'deleted', value: { seqs: place.messages.filter((each) => each % 3 === pick % 3) } });
    case 'pin':
      return act({ type: 'pin', value: { seq, isRemoved: isOn && pick % 2 === 0 } });
    case 'react': {
      const reaction = ['👍', 'a/b'][pick % 2] ?? '';
      const id = `${user}/${seq}/${reaction}`;
      const isRemoved = place.reactions.delete(id);
      if (!isRemoved) place.reactions.add(id);
      return act({ type: 'reaction', value: { seq, reaction, isRemoved } });
    }
    default:
      return undefined;
  }
}

/** What changes a user's own view. */
function ownView(step: Step, place: Place): Made | undefined {
  const { conversation, user, pick, isOn } = step;
  const { head } = place;
  if (conversation.startsWith('r:') || head === 0 || !place.members.has(user)) return undefined;
  const own = (body: ConversationEventInit['body']): Made => ({ isStored: false, event: { sender: user, body } });
  switch (step.type) {
    case 'cursor':
      return own({ type: 'cursor', value: { user, readSeq: isOn ? Math.min(head, pick) : 0, deliveredSeq: Math.min(head, pick) } });
    case 'settings':
      return own({ type: 'settings', value: { user, changes: [settingOf(step, place)], headSeq: head } });
    case 'hide':
      return own({ type: 'hidden', value: { user, seqs: place.messages.slice(0, 2) } });
    case 'report':
      return own({ type: 'reported', value: { seq: targetOf(step, place) ?? 1, reason: 'spam' } });
    default:
      return undefined;
  }
}

/** What changes people, a group, a room, or all of a conversation. */
function change(step: Step, place: Place): Made | undefined {
  const { conversation, user, pick, isOn } = step;
  const isGroup = conversation.startsWith('g:');
  const isRoom = conversation.startsWith('r:');
  switch (step.type) {
    case 'relation': {
      if (conversation !== 'u:ann|bob') return undefined;
      const relation = { a: { user: 'ann', isFriend: isOn }, b: { user: 'bob', isBlocking: !isOn }, version: ++place.version };
      return { isStored: false, event: { body: { type: 'relation', value: {} } }, relation };
    }
    case 'profile':
      if (conversation !== 'u:ann|ann') return undefined;
      return { isStored: false, event: { body: { type: 'profile', value: {} } }, profile: { user: 'ann', name: `Ann ${pick}` } };
    case 'erase':
      return isRoom || pick % 3 !== 0 ? undefined : { isStored: true, event: { body: { type: 'erased', value: { user } } } };
    case 'rules':
      return { isStored: true, event: { body: { type: 'rules', value: { destroyAfterMs: pick } } }, rules: { destroyAfterMs: pick } };
    case 'rename': {
      if (!isGroup || place.closed) return undefined;
      const value = { version: ++place.version, change: { type: 'info', value: { name: { text: `name ${pick}` } } } } as const;
      return {
        isStored: true,
        event: { sender: user, body: { type: 'groupChange', value } },
        speaking: { allMutedUntilMs: place.version },
      };
    }
    case 'join':
    case 'leave':
    case 'close':
      return isRoom || isGroup ? membership(step, place, isGroup) : undefined;
    default:
      return undefined;
  }
}

function message(step: Step, place: Place, options: MessageOptionsInit | undefined): Made | undefined {
  if (!place.members.has(step.user) || place.closed) return undefined;
  const body = { type: 'content', value: text(`says ${step.pick}`) } as const;
  const isCountable = options?.noUnread !== true;
  return { isStored: true, isCountable, event: { sender: step.user, clientMsgId: `${place.head}`, options, body } };
}

function membership(step: Step, place: Place, isGroup: boolean): Made | undefined {
  if (isGroup && place.closed) return undefined;
  place.version++;
  const { version } = place;
  place.closed = step.type === 'close';
  for (const user of step.users) if (step.type === 'join') place.members.add(user);
  for (const user of step.type === 'close' ? users : step.users) if (step.type !== 'join') place.members.delete(user);
  if (place.closed && !isGroup) place.messages = [];
  const named = step.type === 'join' ? { joined: step.users } : step.type === 'leave' ? { left: step.users } : { closed: true };
  const value = { ...named, version, memberCount: place.members.size };
  const rules: MadeWith = step.type === 'join' ? { speaking: { allMutedUntilMs: version }, historyAccess: step.isOn ? 1 : 3 } : {};
  return { isStored: isGroup, event: { body: { type: 'membership', value } }, ...rules };
}

function settingOf({ pick, isOn }: Step, place: Place): SettingInit {
  const all: SettingInit[] = [
    { change: { type: 'pinned', value: { isOn } } },
    { change: { type: 'muted', value: { untilMs: isOn ? 9_000 : 0 } } },
    { change: { type: 'draft', value: { text: `draft ${pick}` } } },
    { change: { type: 'hidden', value: { isOn } } },
    { change: { type: 'markedUnread', value: { isOn } } },
    { change: { type: 'cleared', value: { seq: Math.min(pick, place.head) } } },
  ];
  return all[pick % all.length] ?? {};
}

const text = (words: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: words } } });
