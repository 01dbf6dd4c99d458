import type { MembershipSpan } from '@parley/store';

/** Opens a span at a seq, unless one is open. */
export function join(spans: readonly MembershipSpan[], from: number): readonly MembershipSpan[] {
  return isOpen(spans) ? spans : [...spans, { from }];
}

/** Closes the open span; one in which nothing was said disappears. */
export function leave(spans: readonly MembershipSpan[], to: number): readonly MembershipSpan[] {
  const last = spans.at(-1);
  if (last === undefined || last.to !== undefined) return spans;
  const rest = spans.slice(0, -1);
  return to < last.from ? rest : [...rest, { from: last.from, to }];
}

/** Without the spans of which nothing is kept. */
export function keepFrom(spans: readonly MembershipSpan[], keptFromSeq: number): readonly MembershipSpan[] {
  const isKept = ({ to }: MembershipSpan): boolean => to === undefined || to >= keptFromSeq;
  return spans.every(isKept) ? spans : spans.filter(isKept);
}

export function isOpen(spans: readonly MembershipSpan[]): boolean {
  const last = spans.at(-1);
  return last !== undefined && last.to === undefined;
}
