import { isUserId, limits, type Refusal, type Result, refusal } from '@parley/kernel';
import type { Combined, Multiple } from '@parley/wire';
import type { ContentKind } from './content-kind.js';
import { overText } from './sizes.js';

/** Where content stands within other content. */
export interface Nesting {
  readonly textBytesMax: number;
  /** How many `combined` stand around it. */
  readonly depth: number;
  /** Checks what is inside. */
  check(content: Uint8Array, nesting: Nesting): Result<{ readonly kind: ContentKind }, Refusal>;
}

/** What is wrong with forwarded messages, or with anything in them. */
export function refusalOfCombined({ title, summary, items }: Combined, nesting: Nesting): Refusal | undefined {
  const { combinedItemsMax, combinedDepthMax } = limits;
  const depth = nesting.depth + 1;
  if (depth > combinedDepthMax) return refusal('INVALID_ARGUMENT', `content.combined: at most ${combinedDepthMax} deep`);
  const wrong = refusalOfCount('content.combined.items', items.length, combinedItemsMax);
  if (wrong !== undefined) return wrong;
  const tooLong =
    overText('content.combined.title', title, limits.combinedTitleBytesMax) ??
    overText('content.combined.summary', summary, limits.combinedSummaryBytesMax);
  if (tooLong !== undefined) return tooLong;
  for (const [i, { sender, content }] of items.entries()) {
    const field = `content.combined.items[${i}]`;
    if (sender !== '' && !isUserId(sender)) return refusal('INVALID_ARGUMENT', `${field}.sender: a user id`);
    const inside = refusalOfItem(field, content, { ...nesting, depth }, transientKinds);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** What is wrong with a message of several things, or with one of them. */
export function refusalOfMultiple({ items }: Multiple, nesting: Nesting): Refusal | undefined {
  const wrong = refusalOfCount('content.multiple.items', items.length, limits.multipleItemsMax);
  if (wrong !== undefined) return wrong;
  for (const [i, content] of items.entries()) {
    const inside = refusalOfItem(`content.multiple.items[${i}]`, content, nesting, composedKinds);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

const transientKinds: ReadonlySet<ContentKind> = new Set<ContentKind>(['command', 'bullet']);
/** What is itself composed, transient or the server's is no part of a message of several things. */
const composedKinds: ReadonlySet<ContentKind> = new Set<ContentKind>(['command', 'bullet', 'combined', 'multiple', 'notice']);

const refusalOfCount = (field: string, count: number, countMax: number): Refusal | undefined =>
  count < 1 || count > countMax ? refusal('INVALID_ARGUMENT', `${field}: 1 to ${countMax}`) : undefined;

function refusalOfItem(field: string, content: Uint8Array, nesting: Nesting, forbidden: ReadonlySet<ContentKind>): Refusal | undefined {
  const checked = nesting.check(content, nesting);
  if (!checked.ok) return refusal(checked.error.name, `${field}: ${checked.error.detail ?? ''}`);
  return forbidden.has(checked.value.kind) ? refusal('INVALID_ARGUMENT', `${field}: no ${checked.value.kind}`) : undefined;
}
