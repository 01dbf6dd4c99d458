import {
  type ConversationEvent,
  conversationEventCursor,
  conversationEventGroupChange,
  conversationEventGroupRequest,
  conversationEventHidden,
  conversationEventProfile,
  conversationEventReceipts,
  conversationEventRelation,
  conversationEventRules,
  conversationEventSettings,
  conversationEventTyping,
  createGroupRequest,
  createRelationView,
  createUserProfile,
  type SettingsChanged,
} from '@parley/wire';
import type { SettingsPatch } from '../events.js';
import { groupChangeOf, groupRequestOf } from '../groups/group-details.js';
import { relationOf } from '../people/relation-details.js';
import { coreEvents } from './core-events.js';
import { deedOf, type EventKind, eventKind } from './vocabulary.js';

/** Everything that happens in conversations. */
export const allEvents: readonly EventKind[] = [
  ...coreEvents,
  eventKind(conversationEventRules, (source, rules, self) => {
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'rules', ...rules };
  }),
  eventKind(conversationEventCursor, (source, cursor, self) => {
    return cursor.user === self
      ? { type: 'conversationChanged', ...deedOf(source, self), what: 'cursor', ...numbersOf(cursor) }
      : { type: 'receiptChanged', ...stepOf(source), what: 'cursor', user: cursor.user, ...readingOf(cursor) };
  }),
  eventKind(conversationEventReceipts, (source, { receipts }) => {
    return { type: 'receiptChanged', ...stepOf(source), what: 'counts', receipts };
  }),
  eventKind(conversationEventSettings, (source, changed, self) => {
    const { headSeq } = changed;
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'settings', headSeq, settings: patchOf(changed, source.timeMs) };
  }),
  eventKind(conversationEventHidden, (source, { seqs }, self) => {
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'messagesHidden', targets: seqs };
  }),
  eventKind(conversationEventTyping, (source, { isOver }) => {
    return { type: 'typing', ...stepOf(source), user: source.sender, isTyping: !isOver };
  }),
  eventKind(conversationEventGroupChange, (source, change, self) => {
    const { version } = change;
    return { type: 'groupChanged', ...deedOf(source, self), group: source.conversation.slice(2), version, change: groupChangeOf(change) };
  }),
  eventKind(conversationEventGroupRequest, (source, { request }) => {
    const told = groupRequestOf(request ?? createGroupRequest({}));
    return { type: 'groupRequest', ...stepOf(source), group: source.conversation.slice(2), request: told };
  }),
  eventKind(conversationEventRelation, (source, { relation }) => {
    return { type: 'relationChanged', ...stepOf(source), relation: relationOf(relation ?? createRelationView({})) };
  }),
  eventKind(conversationEventProfile, (source, { profile }) => {
    return { type: 'userChanged', ...stepOf(source), profile: profile ?? createUserProfile({}) };
  }),
];

const stepOf = ({ conversation, seq, timeMs }: ConversationEvent) => ({ conversation, seq, timeMs });
const readingOf = ({ readSeq, deliveredSeq }: { readonly readSeq: number; readonly deliveredSeq: number }) => ({ readSeq, deliveredSeq });
const numbersOf = (cursor: { readonly readSeq: number; readonly deliveredSeq: number; readonly countable: number }) => ({
  ...readingOf(cursor),
  countable: cursor.countable,
});

/** Later changes win. */
function patchOf({ changes }: SettingsChanged, timeMs: number): SettingsPatch {
  const patch: { -readonly [Name in keyof SettingsPatch]: SettingsPatch[Name] } = {};
  for (const { change } of changes) {
    if (change?.type === 'pinned') patch.pinnedMs = change.value.isOn ? timeMs : 0;
    if (change?.type === 'muted') patch.mutedUntilMs = change.value.untilMs;
    if (change?.type === 'marks') patch.marks = change.value.marks;
    if (change?.type === 'draft') patch.draft = change.value.text;
    if (change?.type === 'hidden') patch.isHidden = change.value.isOn;
    if (change?.type === 'markedUnread') patch.isMarkedUnread = change.value.isOn;
    if (change?.type === 'cleared') patch.clearedSeq = change.value.seq;
    if (change?.type === 'alias') patch.alias = change.value.text;
  }
  return patch;
}
