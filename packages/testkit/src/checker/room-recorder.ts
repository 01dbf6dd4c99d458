import type { ChangeOutcome, ObservedChange, RoomView } from './room-observations.js';

type ChangeFacts = Omit<ObservedChange, 'invokedAt' | 'outcome'>;

/** Writes down what clients do to rooms and what they are shown of them, in one order over all of them. */
export class RoomRecorder {
  readonly #changes: { readonly facts: ChangeFacts; readonly invokedAt: number; outcome: ChangeOutcome }[] = [];
  readonly #views: RoomView[] = [];
  readonly #newest = new Map<string, RoomView>();
  #now = 0;
  #acknowledged = 0;

  /** Notes that a change begins; the answer is to be told what became of it. */
  change(facts: ChangeFacts): { ok(version: number): void; refused(code: string): void } {
    const entry: { readonly facts: ChangeFacts; readonly invokedAt: number; outcome: ChangeOutcome } = {
      facts,
      invokedAt: ++this.#now,
      outcome: { type: 'unknown' },
    };
    this.#changes.push(entry);
    return {
      ok: (version) => {
        entry.outcome = { type: 'ok', version, at: ++this.#now };
        this.#acknowledged++;
      },
      refused: (code) => {
        entry.outcome = { type: 'refused', code, at: ++this.#now };
      },
    };
  }

  /** The same again is not noted. The view must not change any more. */
  viewed(view: RoomView): void {
    const id = `${view.device} ${view.room}`;
    const before = this.#newest.get(id);
    if (before?.version === view.version && before.attributes === view.attributes) return;
    this.#newest.set(id, view);
    this.#views.push(view);
  }

  get changes(): readonly ObservedChange[] {
    return this.#changes.map(({ facts, invokedAt, outcome }) => ({ ...facts, invokedAt, outcome }));
  }

  get views(): readonly RoomView[] {
    return this.#views;
  }

  /** Changes that are known to be made. */
  get acknowledged(): number {
    return this.#acknowledged;
  }
}
