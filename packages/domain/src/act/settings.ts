import { limits, type Refusal, refusal } from '@parley/kernel';
import { type ConversationSettings, createConversationSettings, type Setting } from '@parley/wire';
import { overLength } from '../content/sizes.js';

/** When a setting was made, and where the conversation stood then. */
export interface SettingContext {
  readonly timeMs: number;
  readonly headSeq: number;
}

/** A user's settings of one conversation after one change of them: newest wins, but what is cleared stays cleared. */
export function applySetting(
  settings: ConversationSettings | undefined,
  { change }: Setting,
  { timeMs, headSeq }: SettingContext,
): ConversationSettings {
  const before = settings ?? createConversationSettings({});
  switch (change?.type) {
    case 'pinned':
      return { ...before, pinnedMs: change.value.isOn ? timeMs : 0 };
    case 'muted':
      return { ...before, mutedUntilMs: change.value.untilMs };
    case 'marks':
      return { ...before, marks: [...new Set(change.value.marks)].sort((a, b) => a - b) };
    case 'draft':
      return { ...before, draft: change.value.text };
    case 'hidden':
      return { ...before, hiddenSeq: change.value.isOn ? headSeq : 0 };
    case 'markedUnread':
      return { ...before, isMarkedUnread: change.value.isOn };
    case 'cleared':
      return { ...before, clearedSeq: Math.max(before.clearedSeq, Math.min(change.value.seq, headSeq)) };
    case 'alias':
      return { ...before, alias: change.value.text };
    case undefined:
      return before;
  }
}

/** What is wrong with a list of settings: each kind at most once, sizes within the limits. */
export function refusalOfSettings(changes: readonly Setting[]): Refusal | undefined {
  if (changes.length === 0) return refusal('INVALID_ARGUMENT', 'act.settings.changes: at least one');
  const seen = new Set<string>();
  for (const setting of changes) {
    const wrong = refusalOfSetting(setting);
    if (wrong !== undefined) return wrong;
    const type = setting.change?.type ?? '';
    if (seen.has(type)) return refusal('INVALID_ARGUMENT', `act.settings.changes: ${type} once`);
    seen.add(type);
  }
  return undefined;
}

function refusalOfSetting({ change }: Setting): Refusal | undefined {
  switch (change?.type) {
    case undefined:
      return refusal('INVALID_ARGUMENT', 'act.settings.changes: a known setting is missing');
    case 'marks':
      return refusalOfMarks(change.value.marks);
    case 'draft':
      return overLength('act.settings.draft', change.value.text, limits.draftBytesMax);
    case 'alias':
      return overLength('act.settings.alias', change.value.text, limits.userNameBytesMax);
    default:
      return undefined;
  }
}

function refusalOfMarks(marks: readonly number[]): Refusal | undefined {
  const { marksMax, markMax } = limits;
  if (marks.length > marksMax) return refusal('INVALID_ARGUMENT', `act.settings.marks: at most ${marksMax}`);
  return marks.every((mark) => mark >= 1 && mark <= markMax)
    ? undefined
    : refusal('INVALID_ARGUMENT', `act.settings.marks: 1 to ${markMax}`);
}
