import type { SeqRange } from '../local-store/local-store.js';

/** Ranges of seqs, apart from each other, in order. */
export class SeqSpans {
  #spans: readonly SeqRange[] = [];

  get all(): readonly SeqRange[] {
    return this.#spans;
  }

  get newest(): SeqRange | undefined {
    return this.#spans[this.#spans.length - 1];
  }

  has(seq: number): boolean {
    return this.of(seq) !== undefined;
  }

  of(seq: number): SeqRange | undefined {
    return this.#spans.find((span) => seq >= span.fromSeq && seq <= span.toSeq);
  }

  /** The one that holds the seq, or else the next one above it, or the newest. */
  near(seq: number): SeqRange | undefined {
    return this.#spans.find((span) => seq <= span.toSeq) ?? this.newest;
  }

  /** What lies between them. */
  get gaps(): readonly SeqRange[] {
    return this.#spans.slice(1).map((span, i) => ({ fromSeq: (this.#spans[i]?.toSeq ?? 0) + 1, toSeq: span.fromSeq - 1 }));
  }

  /** Ranges that touch become one. An empty range changes nothing. */
  add(range: SeqRange): void {
    if (range.fromSeq > range.toSeq) return;
    const apart = this.#spans.filter((span) => span.toSeq < range.fromSeq - 1 || span.fromSeq > range.toSeq + 1);
    const touched = this.#spans.filter((span) => !apart.includes(span));
    const fromSeq = Math.min(range.fromSeq, ...touched.map((span) => span.fromSeq));
    const toSeq = Math.max(range.toSeq, ...touched.map((span) => span.toSeq));
    this.#spans = [...apart, { fromSeq, toSeq }].sort((a, b) => a.fromSeq - b.fromSeq);
  }

  /** Only what lies in the range stays. */
  clip({ fromSeq, toSeq }: SeqRange): void {
    this.#spans = this.#spans
      .map((span) => ({ fromSeq: Math.max(span.fromSeq, fromSeq), toSeq: Math.min(span.toSeq, toSeq) }))
      .filter((span) => span.fromSeq <= span.toSeq);
  }

  clear(): void {
    this.#spans = [];
  }
}
