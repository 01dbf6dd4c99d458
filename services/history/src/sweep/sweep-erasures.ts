import { decodeReport, encodeReport, type Report } from '@parley/contracts/history';
import { decodeErasureJob, encodeErasureJob, type ErasedUser, type ErasureJob } from '@parley/contracts/history-rows';
import { emptyBytes, sleep } from '@parley/kernel';
import { decodeConversationEvent, type Pin } from '@parley/wire';
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

/** Takes out a block; answers whether it was the last one. */
async function eraseBlock(deps: SweepDeps, projector: PartitionProjector, job: Job): Promise<boolean> {
  const { app, conversation, user } = job;
  const key = erasureKey(projector.partition, app, conversation, user);
  const isLast = behindBlock(job) >= job.seq;
  if (isLast) await blankReports(deps, projector, job);
  let isDone = false;
  await projector.amend(async () => {
    const held = await projector.conversation(app, conversation);
    const erasure = held?.details.erased.find((each) => each.user === user);
    isDone = erasure === undefined || (isLast && erasure.seq === job.seq);
    if (held === undefined || erasure === undefined) return { events: [], conversations: [], details: [{ ...key, value: emptyBytes }] };
    const amendment = new MessageAmendment(deps.store, held);
    // Who was erased again since the job was read begins anew.
    const nextSeq = erasure.seq === job.seq ? job.nextSeq : 1;
    const pins = await takeOut(amendment, { store: deps.store, held }, { erasure, block: blockOf(nextSeq) });
    const erased = held.details.erased.map((each) => (each === erasure ? { ...each, isDone } : each));
    if (isDone || pins !== held.details.pins) amendment.putConversation(withDetails(held, { pins, erased }));
    const left = encodeErasureJob({ seq: erasure.seq, nextSeq: behindBlock({ nextSeq }) });
    amendment.put({ ...key, value: isDone ? emptyBytes : left });
    return amendment.build();
  });
  return isDone;
}

/** Where the block ends in which a job goes on. */
const behindBlock = ({ nextSeq }: { readonly nextSeq: number }): number => (blockOf(nextSeq) + 1) * blockSeqs;

interface Place {
  readonly store: SweepDeps['store'];
  readonly held: HeldConversation;
}

/** Takes a block of the user's messages out; answers the pins that are left. */
async function takeOut(
  amendment: MessageAmendment,
  { store, held }: Place,
  { erasure, block }: { readonly erasure: ErasedUser; readonly block: number },
): Promise<readonly Pin[]> {
  const { app, conversation } = held.row;
  const { user } = erasure;
  const rows = await store.events(app, conversation, { from: Math.max(1, block * blockSeqs), limit: blockSeqs, backwards: false });
  const end = Math.min(erasure.seq, (block + 1) * blockSeqs);
  const said = rows.map((row) => ({ row, event: decodeConversationEvent(row.event) }));
  const theirs = said.filter(({ row, event }) => row.seq < end && event.sender === user);
  const own = new Set<number>();
  // At once: meanwhile nothing of the partition is projected.
  const eraseOne = async ({ row, event }: (typeof theirs)[number]): Promise<void> => {
    amendment.redact(row);
    const state = await amendment.state(row.seq);
    if (event.body === undefined ? state === undefined : event.body.type !== 'content') return;
    own.add(row.seq);
    amendment.putState(erasedState(state, { seq: row.seq, sender: user }, erasure));
    await amendment.dropReactionsTo(row.seq);
  };
  await Promise.all(theirs.map(eraseOne));
  for (const { event } of theirs) if (event.body?.type === 'recalled') await blankReason(amendment, event.body.value.seq, user);
  const reactions = await amendment.dropReactionsOf(user, block, erasure.seq);
  for (const [seq, shown] of reactions) {
    const state = own.has(seq) ? undefined : await amendment.state(seq);
    if (state !== undefined) amendment.putState(erasedState(state, { seq, sender: '', reactions: shown }, erasure));
  }
  const { pins } = held.details;
  return pins.some(({ seq }) => own.has(seq)) ? pins.filter(({ seq }) => !own.has(seq)) : pins;
}

/** Why the user has removed somebody's message is theirs, too. */
async function blankReason(amendment: MessageAmendment, seq: number, user: string): Promise<void> {
  const state = await amendment.state(seq);
  if (state?.removedBy === user && state.removalReason !== '') amendment.putState({ ...state, removalReason: '' });
}

/** What the user has written about others' messages goes as well. There may be many reports, so nothing waits for this. */
async function blankReports({ store, clock }: SweepDeps, projector: PartitionProjector, { app, conversation, user }: Job): Promise<void> {
  const held = await projector.conversation(app, conversation);
  const untilMs = held?.details.erased.find((each) => each.user === user)?.timeMs ?? 0;
  const isTheirs = (report: Report): boolean =>
    report.conversation === conversation && report.reporter === user && report.timeMs <= untilMs;
  const limit = historyLimits.detailPage;
  for (let from = ''; ; await sleep(clock, 0)) {
    const page = await store.details(app, reportSpace, { limit, ...(from === '' ? {} : { from }) });
    const details = page.flatMap((row) => {
      const report = decodeReport(row.value);
      return isTheirs(report) ? [{ ...row, value: encodeReport({ ...report, reason: '' }) }] : [];
    });
    if (details.length > 0) await projector.amend(async () => ({ events: [], conversations: [], details }));
    if (page.length < limit) return;
    from = behind(page.at(-1)?.key ?? '');
  }
}
