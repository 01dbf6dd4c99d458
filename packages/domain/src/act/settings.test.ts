import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { type ConversationSettings, createConversationSettings, createSetting, type SettingInit } from '@parley/wire';
import { applySetting, refusalOfSettings } from './settings.js';

type Change = NonNullable<SettingInit['change']>;

const context = { timeMs: 1_000, headSeq: 20 };
const applied = (...changes: Change[]): ConversationSettings =>
  changes.reduce<ConversationSettings>(
    (settings, change) => applySetting(settings, createSetting({ change }), context),
    createConversationSettings({}),
  );
const refusalOf = (...changes: (Change | undefined)[]): string =>
  refusalOfSettings(changes.map((change) => createSetting({ change })))?.detail ?? 'none';

describe('a setting', () => {
  it.each<[Change, Partial<ConversationSettings>]>([
    [{ type: 'pinned', value: { isOn: true } }, { pinnedMs: 1_000 }],
    [{ type: 'muted', value: { untilMs: 9 } }, { mutedUntilMs: 9 }],
    [{ type: 'marks', value: { marks: [9, 3, 9, 30] } }, { marks: [3, 9, 30] }],
    [{ type: 'draft', value: { text: 'so' } }, { draft: 'so' }],
    [{ type: 'hidden', value: { isOn: true } }, { hiddenSeq: 20 }],
    [{ type: 'markedUnread', value: { isOn: true } }, { isMarkedUnread: true }],
    [{ type: 'cleared', value: { seq: 7 } }, { clearedSeq: 7 }],
    [{ type: 'cleared', value: { seq: 99 } }, { clearedSeq: 20 }],
    [{ type: 'alias', value: { text: 'Work' } }, { alias: 'Work' }],
  ])('%j applies', (change, after) => {
    expect(applied(change)).toEqual({ ...createConversationSettings({}), ...after });
  });

  it('ends with its opposite', () => {
    const on: Change[] = [
      { type: 'pinned', value: { isOn: true } },
      { type: 'muted', value: { untilMs: 9 } },
      { type: 'marks', value: { marks: [1] } },
      { type: 'draft', value: { text: 'so' } },
      { type: 'hidden', value: { isOn: true } },
      { type: 'markedUnread', value: { isOn: true } },
      { type: 'alias', value: { text: 'Work' } },
    ];
    const off: Change[] = [
      { type: 'pinned', value: {} },
      { type: 'muted', value: {} },
      { type: 'marks', value: {} },
      { type: 'draft', value: {} },
      { type: 'hidden', value: {} },
      { type: 'markedUnread', value: {} },
      { type: 'alias', value: {} },
    ];
    expect(applied(...on, ...off)).toEqual(createConversationSettings({}));
  });

  it('never brings back what was cleared', () => {
    expect(applied({ type: 'cleared', value: { seq: 9 } }, { type: 'cleared', value: { seq: 3 } }).clearedSeq).toBe(9);
  });

  it('starts from nothing, and is passed over when it is of a newer contract', () => {
    expect(applySetting(undefined, createSetting({}), context)).toEqual(createConversationSettings({}));
  });
});

describe('settings that are sent', () => {
  it.each<[readonly (Change | undefined)[], string]>([
    [[{ type: 'marks', value: { marks: Array.from({ length: limits.marksMax }, (_, i) => i + 11) } }], 'none'],
    [[{ type: 'marks', value: { marks: Array(21).fill(1) } }], 'act.settings.marks: at most 20'],
    [[{ type: 'marks', value: { marks: [0] } }], 'act.settings.marks: 1 to 30'],
    [[{ type: 'marks', value: { marks: [31] } }], 'act.settings.marks: 1 to 30'],
    [[{ type: 'draft', value: { text: 'x'.repeat(4_096) } }], 'none'],
    [[{ type: 'draft', value: { text: 'x'.repeat(4_097) } }], 'act.settings.draft: at most 4096 bytes'],
    [[{ type: 'alias', value: { text: 'é'.repeat(128) } }], 'none'],
    [[{ type: 'alias', value: { text: 'é'.repeat(129) } }], 'act.settings.alias: at most 256 bytes'],
    [
      [
        { type: 'pinned', value: {} },
        { type: 'hidden', value: {} },
      ],
      'none',
    ],
    [
      [
        { type: 'pinned', value: {} },
        { type: 'pinned', value: {} },
      ],
      'act.settings.changes: pinned once',
    ],
    [[undefined], 'act.settings.changes: a known setting is missing'],
    [[], 'act.settings.changes: at least one'],
  ])('%j', (changes, detail) => {
    expect(refusalOf(...changes)).toBe(detail);
  });
});
