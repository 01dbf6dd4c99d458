import { routerLimits } from '../../limits.js';

/** A message whose sender wants to know who has read it. */
export interface ReceiptWish {
  readonly seq: number;
  readonly sender: string;
}

/** The newest messages of one conversation whose senders want to know who has read them; older ones are asked for by their senders. */
export class ReceiptWishes {
  readonly #wishes: ReceiptWish[] = [];

  add(seq: number, sender: string): void {
    this.#wishes.push({ seq, sender });
    if (this.#wishes.length > routerLimits.receiptWishesMax) this.#wishes.shift();
  }

  /** Which of others' messages a cursor of `reader` has passed on its way from one seq (not included) to another: seqs by sender. */
  passed(reader: string, fromSeq: number, toSeq: number): ReadonlyMap<string, readonly number[]> {
    const bySender = new Map<string, number[]>();
    for (const { seq, sender } of this.#wishes) {
      if (seq <= fromSeq || seq > toSeq || sender === reader) continue;
      const seqs = bySender.get(sender);
      if (seqs === undefined) bySender.set(sender, [seq]);
      else seqs.push(seq);
    }
    return bySender;
  }
}
