import {
  decodeReport,
  type ListReportsRequest,
  type ListReportsResponseInit,
  type Report,
  type ReportInit,
} from '@parley/contracts/history';
import { limits } from '@parley/kernel';
import { reportSpace } from '../rows/detail-keys.js';
import { noState } from '../rows/member-state.js';
import { present } from '../view/present.js';
import { checkFields, checkLimit, pageParts } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** What users have reported, newest first, each message as it stands now. */
export async function listReports(deps: QueryDeps, request: ListReportsRequest): Promise<ListReportsResponseInit> {
  const { app, page } = request;
  checkFields({ app });
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: limits.historyPageMax });
  const from = page === '' ? {} : { from: pageParts(page, 1)[0] ?? '' };
  const rows = await deps.store.details(app, reportSpace, { ...from, isBackwards: true, limit: limit + 1 });
  const next = rows[limit];
  const reports = rows.slice(0, limit).map(({ value }) => withMessage(deps, app, decodeReport(value)));
  return { reports: await Promise.all(reports), nextPage: next?.key ?? '' };
}

async function withMessage(deps: QueryDeps, app: string, report: Report): Promise<ReportInit> {
  const { conversation, seq } = report;
  const held = await deps.conversations.get(app, conversation);
  const spans = [{ from: await deps.window.firstSeqOf(held), to: held.row.headSeq }];
  const entitlement = { viewer: '', spans, isMember: true, memberSinceSeq: 1, state: noState };
  const rows = (await deps.store.events(app, conversation, { from: seq, limit: 1, backwards: false })).filter((row) => row.seq === seq);
  const [shown] = seq < (spans[0]?.from ?? 0) ? [] : await present(deps, { held, entitlement }, rows);
  const isErased = held.details.erased.some(({ user, timeMs }) => user === report.reporter && timeMs >= report.timeMs);
  const told = isErased ? { ...report, reason: '' } : report;
  return shown === undefined ? told : { ...told, event: shown.event };
}
