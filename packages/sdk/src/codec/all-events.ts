import { emptyBytes } from '@parley/kernel';
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
  decodeAs,
  groupRequestSchema,
  relationViewSchema,
  type SettingsChanged,
  userProfileSchema,
} from '@parley/wire';
import type { SettingsPatch } from '../events.js';
import { groupChangeOf, groupRequestOf } from '../groups/group-details.js';
import { relationOf } from '../people/relation-details.js';
import { coreEvents } from './core-events.js';
import { deedOf, type EventKind, eventKind } from './vocabulary.js';

/** Everything that happens in conversations. */
export const allEvents: readonly EventKind[] = [
  ...coreEvents,
  eventKind('rules', conversationEventRules, (source, rules, self) => {
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'rules', ...rules };
  }),
  eventKind('cursor', conversationEventCursor, (source, cursor, self) => {
    return cursor.user === self
      ? { type: 'conversationChanged', ...deedOf(source, self), what: 'cursor', ...numbersOf(cursor) }
      : { type: 'receiptChanged', ...stepOf(source), what: 'cursor', user: cursor.user, ...readingOf(cursor) };
  }),
  eventKind('receipts', conversationEventReceipts, (source, { receipts }) => {
    return { type: 'receiptChanged', ...stepOf(source), what: 'counts', receipts };
  }),
  eventKind('settings', conversationEventSettings, (source, changed, self) => {
    const { headSeq } = changed;
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'settings', headSeq, settings: patchOf(changed, source.timeMs) };
  }),
  eventKind('hidden', conversationEventHidden, (source, { seqs }, self) => {
    return { type: 'conversationChanged', ...deedOf(source, self), what: 'messagesHidden', targets: seqs };
  }),
  eventKind('typing', conversationEventTyping, (source, { isOver }) => {
    return { type: 'typing', ...stepOf(source), user: source.sender, isTyping: !isOver };
  }),
  eventKind('groupChange', conversationEventGroupChange, (source, change, self) => {
    const { version } = change;
    return { type: 'groupChanged', ...deedOf(source, self), group: source.conversation.slice(2), version, change: groupChangeOf(change) };
  }),
  eventKind('groupRequest', conversationEventGroupRequest, (source, { request }) => {
    const told = groupRequestOf(request ?? decodeAs(groupRequestSchema, emptyBytes));
    return { type: 'groupRequest', ...stepOf(source), group: source.conversation.slice(2), request: told };
  }),
  eventKind('relation', conversationEventRelation, (source, { relation }) => {
    return { type: 'relationChanged', ...stepOf(source), relation: relationOf(relation ?? decodeAs(relationViewSchema, emptyBytes)) };
  }),
  eventKind('profile', conversationEventProfile, (source, { profile }) => {
    return { type: 'userChanged', ...stepOf(source), profile: profile ?? decodeAs(userProfileSchema, emptyBytes) };
  }),
];

const stepOf = ({ conversation, seq, timeMs }: ConversationEvent) => ({ conversation, seq, timeMs });
const readingOf = ({ readSeq, deliveredSeq }: { readonly readSeq: number; readonly deliveredSeq: number }) => ({ readSeq, deliveredSeq });
const numbersOf = (cursor: { readonly readSeq: number; readonly deliveredSeq: number; readonly countable: number }) => ({
  ...readingOf(cursor),
  countable: cursor.countable,
});

/** What changes of the settings come to; later ones win. */
export function patchOf({ changes, headSeq }: Omit<SettingsChanged, 'user'>, timeMs: number): SettingsPatch {
  const patch: { -readonly [Name in keyof SettingsPatch]: SettingsPatch[Name] } = {};
  for (const { change } of changes) {
    if (change?.type === 'pinned') patch.pinnedMs = change.value.isOn ? timeMs : 0;
    if (change?.type === 'muted') patch.mutedUntilMs = change.value.untilMs;
    if (change?.type === 'marks') patch.marks = [...new Set(change.value.marks)].sort((a, b) => a - b);
    if (change?.type === 'draft') patch.draft = change.value.text;
    if (change?.type === 'hidden') patch.isHidden = change.value.isOn;
    if (change?.type === 'markedUnread') patch.isMarkedUnread = change.value.isOn;
    if (change?.type === 'cleared') patch.clearedSeq = Math.min(change.value.seq, headSeq);
    if (change?.type === 'alias') patch.alias = change.value.text;
  }
  return patch;
}
