import type { ListPinsRequest, ListPinsResponseInit } from '@parley/contracts/history';
import { Removal } from '@parley/wire';
import { boundsOf } from '../view/entitlement.js';
import { answerOf, present } from '../view/present.js';
import { readSeqs } from '../view/read-page.js';
import { checkFields } from './fields.js';
import { type QueryDeps, seenBy } from './query-deps.js';

/** The messages that stand out of a conversation and that the viewer may see, newest pin first. */
export async function listPins(deps: QueryDeps, request: ListPinsRequest): Promise<ListPinsResponseInit> {
  checkFields(request);
  const seen = await seenBy(deps, request);
  const { pins } = seen.held.details;
  const rows = await readSeqs(deps, seen.held, { entitlement: seen.entitlement, seqs: pins.map(({ seq }) => seq) });
  const shown = (await present(deps, seen, rows)).filter(
    ({ isWithheld, state }) => !isWithheld && (state === undefined || (state.removal === Removal.UNSPECIFIED && state.pinnedMs > 0)),
  );
  const bySeq = new Map(shown.map((each) => [each.seq, each]));
  const visible = pins.filter(({ seq }) => bySeq.has(seq));
  const { headSeq } = boundsOf(seen.entitlement);
  return { pins: visible, ...answerOf(visible.flatMap(({ seq }) => bySeq.get(seq) ?? [])), headSeq };
}
