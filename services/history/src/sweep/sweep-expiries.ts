import { expireMessage } from '@parley/fold';
import { emptyBytes } from '@parley/kernel';
import { createMessageState } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import { expiriesDoneKey, expiryKey, fromSortable, parseExpiryKey, sortable } from '../rows/detail-keys.js';
import { MessageAmendment } from './message-amendment.js';
import type { SweepDeps } from './sweep-deps.js';

type Due = ReturnType<typeof parseExpiryKey>;

/** Takes messages out of the store whose time is over; reads have withheld them since. Answers whether more are due. */
export async function sweepExpiries(deps: SweepDeps, projector: PartitionProjector): Promise<boolean> {
  const { store, clock } = deps;
  const { app, space } = expiryKey(projector.partition, 0, { app: '', conversation: '', seq: 0 });
  const limit = historyLimits.expiriesPerSweep;
  const nowMs = clock.now();
  const doneMs = await doneMsOf(deps, projector);
  const rows = await store.details(app, space, { limit, from: sortable(doneMs) });
  const due = rows.map(({ key }) => parseExpiryKey(key)).filter(({ timeMs }) => timeMs <= nowMs);
  for (const together of byConversation(due)) await takeOut(deps, projector, together);
  if (due.length === limit) return true;
  if (due.length > 0) await keepDone(projector, { doneMs, nowMs });
  return false;
}

async function doneMsOf({ store }: SweepDeps, { partition }: PartitionProjector): Promise<number> {
  const value = await store.detail(expiriesDoneKey(partition));
  return value === undefined ? 0 : fromSortable(Buffer.from(value).toString());
}

/** What is still to be projected goes after it was said, and so behind what is noted here. */
async function keepDone(
  projector: PartitionProjector,
  { doneMs, nowMs }: { readonly doneMs: number; readonly nowMs: number },
): Promise<void> {
  const { expiriesDoneMarginMs } = historyLimits;
  const nextMs = Math.min(nowMs, projector.newestMs) - expiriesDoneMarginMs;
  if (nextMs < doneMs + expiriesDoneMarginMs) return;
  const row = { ...expiriesDoneKey(projector.partition), value: Buffer.from(sortable(nextMs)) };
  await projector.amend(async () => ({ events: [], conversations: [], details: [row] }));
}

function byConversation(due: readonly Due[]): Iterable<readonly Due[]> {
  const found = new Map<string, Due[]>();
  for (const each of due) {
    const key = `${each.app}/${each.conversation}`;
    const together = found.get(key);
    if (together === undefined) found.set(key, [each]);
    else together.push(each);
  }
  return found.values();
}

function takeOut({ store, clock }: SweepDeps, projector: PartitionProjector, due: readonly Due[]): Promise<void> {
  return projector.amend(async () => {
    const [first] = due;
    const held = first === undefined ? undefined : await projector.conversation(first.app, first.conversation);
    if (first === undefined || held === undefined) return undefined;
    const amendment = new MessageAmendment(store, held);
    const takeOutOne = async ({ seq, timeMs, app, conversation }: Due): Promise<void> => {
      amendment.put({ ...expiryKey(projector.partition, timeMs, { app, conversation, seq }), value: emptyBytes });
      const [row] = await store.events(app, conversation, { from: seq, limit: 1, backwards: false });
      if (row?.seq !== seq) return;
      amendment.redact(row);
      const state = (await amendment.state(seq)) ?? createMessageState({ seq, version: seq, expiresMs: timeMs });
      amendment.putState(expireMessage(state, clock.now()));
      await amendment.dropReactionsTo(seq);
    };
    // At once: meanwhile nothing of the partition is projected.
    await Promise.all(due.map(takeOutOne));
    return amendment.build();
  });
}
