import { decodeReport, encodeReport } from '@parley/contracts/history';
import { decodeErasureJob, encodeErasureJob, type ErasedUser, type ErasureJob } from '@parley/contracts/history-rows';
import { emptyBytes } from '@parley/kernel';
import { decodeConversationEvent } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { PartitionProjector } from '../project/partition-projector.js';
import { behind, blockOf, blockSeqs, erasureKey, parseErasureKey, reportSpace } from '../rows/detail-keys.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { withDetails } from '../rows/with-details.js';
import { erasedState } from '../view/erased-state.js';
import { MessageAmendment } from './message-amendment.js';
import type { SweepDeps } from './sweep-deps.js';

/** What became of a pass over erasures. */
export interface ErasurePass {
  /** There is more to do at once. */
  readonly hasMore: boolean;
  /** Something was finished, so that the store's files may be rid of it. */
  readonly hasFinished: boolean;
}

type Job = ErasureJob & ReturnType<typeof parseErasureKey>;

/** Takes the words of erased users out of the store, a block of messages at a time; reads have withheld them since. */
export async function sweepErasures(deps: SweepDeps, projector: PartitionProjector): Promise<ErasurePass> {
  const { app, space } = erasureKey(projector.partition, '', '', '');
  const limit = historyLimits.erasuresPerSweep;
  const rows = await deps.store.details(app, space, { limit });
  let isOpen = false;
  for (const { key, value } of rows) {
    const job = { ...parseErasureKey(key), ...decodeErasureJob(value) };
    const isDone = await eraseBlock(deps, projector, job);
    isOpen ||= !isDone;
  }
  return { hasMore: isOpen || rows.length === limit, hasFinished: rows.length > 0 && !isOpen };
}

async function eraseBlock({ store }: SweepDeps, projector: PartitionProjector, job: Job): Promise<boolean> {
  const { app, conversation, user } = job;
  const isDone = (blockOf(job.nextSeq) + 1) * blockSeqs >= job.seq;
  await projector.amend(async () => {
    const held = await projector.conversation(app, conversation);
    const erasure = held?.details.erased.find((erased) => erased.user === user);
    const key = erasureKey(projector.partition, app, conversation, user);
    if (held === undefined || erasure === undefined) return { events: [], conversations: [], details: [{ ...key, value: emptyBytes }] };
    const amendment = new MessageAmendment(store, held);
    await takeOut(amendment, { store, held }, { job, erasure });
    if (isDone) await blankReports(amendment, { store, held }, user);
    const nextSeq = (blockOf(job.nextSeq) + 1) * blockSeqs;
    amendment.put({ ...key, value: isDone ? emptyBytes : encodeErasureJob({ seq: job.seq, nextSeq }) });
    return amendment.build();
  });
  return isDone;
}

interface Place {
  readonly store: SweepDeps['store'];
  readonly held: HeldConversation;
}

async function takeOut(
  amendment: MessageAmendment,
  { store, held }: Place,
  { job, erasure }: { readonly job: Job; readonly erasure: ErasedUser },
): Promise<void> {
  const { app, conversation, user } = job;
  const block = blockOf(job.nextSeq);
  const rows = await store.events(app, conversation, { from: Math.max(1, block * blockSeqs), limit: blockSeqs, backwards: false });
  const own = new Set<number>();
  for (const row of rows) {
    if (row.seq >= Math.min(job.seq, (block + 1) * blockSeqs)) break;
    const event = decodeConversationEvent(row.event);
    if (event.sender !== user) continue;
    amendment.redact(row);
    if (event.body?.type === 'recalled') await blankReason(amendment, event.body.value.seq, user);
    const state = await amendment.state(row.seq);
    if (event.body === undefined ? state === undefined : event.body.type !== 'content') continue;
    own.add(row.seq);
    amendment.putState(erasedState(state, { seq: row.seq, sender: user }, erasure));
    await amendment.dropReactionsTo(row.seq);
  }
  const reactions = await amendment.dropReactionsOf(user, block, erasure.seq);
  for (const [seq, shown] of reactions) {
    const state = own.has(seq) ? undefined : await amendment.state(seq);
    if (state !== undefined) amendment.putState(erasedState(state, { seq, sender: '', reactions: shown }, erasure));
  }
  const pins = held.details.pins.filter(({ seq }) => !own.has(seq));
  if (pins.length < held.details.pins.length) amendment.putConversation(withDetails(held, { pins }));
}

/** Why the user has removed somebody's message is theirs, too. */
async function blankReason(amendment: MessageAmendment, seq: number, user: string): Promise<void> {
  const state = await amendment.state(seq);
  if (state?.removedBy === user && state.removalReason !== '') amendment.putState({ ...state, removalReason: '' });
}

/** What the user has written about others' messages goes as well. */
async function blankReports(amendment: MessageAmendment, { store, held }: Place, user: string): Promise<void> {
  const { app, conversation } = held.row;
  const limit = historyLimits.detailPage;
  for (let from = ''; ; ) {
    const page = await store.details(app, reportSpace, { limit, ...(from === '' ? {} : { from }) });
    for (const row of page) {
      const report = decodeReport(row.value);
      if (report.conversation !== conversation || report.reporter !== user || report.reason === '') continue;
      amendment.put({ ...row, value: encodeReport({ ...report, reason: '' }) });
    }
    if (page.length < limit) return;
    from = behind(page.at(-1)?.key ?? '');
  }
}
