import type { SearchMessagesRequest, SearchMessagesResponseInit } from '@parley/contracts/history';
import { isUserId, limits, ParleyError, sleep } from '@parley/kernel';
import { type ConversationEvent, createMessageSearch, decodeContent, type MessageSearch } from '@parley/wire';
import { historyLimits } from '../limits.js';
import type { HeldConversation } from '../rows/held-conversation.js';
import { ConversationScan, type ScanStart, type Wanted } from '../search/conversation-scan.js';
import { searchableText } from '../search/searchable-text.js';
import { matches, parseQuery, type Query, termsOf } from '../search/terms.js';
import { entitlementOf, entitlementOfState } from '../view/entitlement.js';
import { answerOf, present, type ShownEvent } from '../view/present.js';
import { firstSince } from '../view/kept-window.js';
import { allConversationsOf } from '../view/user-conversations.js';
import { bodyFieldOf, bodyFields } from '../view/body-kind.js';
import { checkFields, checkLimit, pageNumber, pageParts } from './fields.js';
import type { QueryDeps, Seen } from './query-deps.js';

/**
 * Messages with these words, newest first over all conversations. Looks at a bounded number of them per call: an
 * answer may be empty and have a next page.
 */
export async function searchMessages(deps: QueryDeps, request: SearchMessagesRequest): Promise<SearchMessagesResponseInit> {
  const { app, viewer, page } = request;
  const search = request.search ?? createMessageSearch({});
  const query = check(deps, request, search);
  const limit = checkLimit(request.limit, { byDefault: historyLimits.searchPageDefault, max: limits.historyPageMax });
  const after = page === '' ? undefined : placeOf(page);
  await deps.progress.fresh();
  const all: Seen[] = [];
  for await (const seen of conversationsOf(deps, { app, viewer, conversation: search.conversation })) all.push(seen);
  const scans: ConversationScan[] = [];
  const { searchStartsAtOnce } = historyLimits;
  for (let i = 0; i < all.length; i += searchStartsAtOnce) {
    const some = all.slice(i, i + searchStartsAtOnce);
    const starts = await Promise.all(some.map(async (seen) => ({ seen, start: await startOf(deps, seen.held, after) })));
    for (const { seen, start } of starts) {
      if (start.seq > 0 && start.timeMs >= search.fromMs) scans.push(new ConversationScan(deps, seen, start));
    }
    if (after !== undefined) await sleep(deps.clock, 0);
  }
  const wanted = { terms: termsOf(query), isMatch: matchOf(query, search), fromMs: search.fromMs };
  return scanAll(deps, { scans, wanted, limit });
}

function check({ rules }: QueryDeps, { app, viewer }: SearchMessagesRequest, { text, conversation, sender }: MessageSearch): Query {
  checkFields({ app, viewer, ...(conversation === '' ? {} : { conversation }) });
  if (viewer === '' && conversation === '') throw new ParleyError('INVALID_ARGUMENT', 'search.conversation: needed without a viewer');
  if (viewer !== '' && !rules.rulesOf(app).isSearchable) throw new ParleyError('PERMISSION_DENIED', 'the app has no search');
  if (sender !== '' && !isUserId(sender)) throw new ParleyError('INVALID_ARGUMENT', 'search.sender: not a user id');
  const { searchTextCharsMax } = limits;
  const query = [...text].length > searchTextCharsMax ? undefined : parseQuery(text);
  if (query === undefined)
    throw new ParleyError('INVALID_ARGUMENT', `search.text: 1 to ${searchTextCharsMax} characters, with a letter or digit`);
  return query;
}

async function* conversationsOf(
  deps: QueryDeps,
  { app, viewer, conversation }: { readonly app: string; readonly viewer: string; readonly conversation: string },
): AsyncGenerator<Seen> {
  if (conversation !== '') {
    const held = await deps.conversations.get(app, conversation);
    yield { held, entitlement: await entitlementOf(deps, held, viewer) };
    return;
  }
  for await (const { held, state } of allConversationsOf(deps, app, viewer)) {
    const entitlement = await entitlementOfState(deps, held, { viewer, state });
    if (entitlement !== undefined) yield { held, entitlement };
  }
}

const matchOf = (query: Query, { sender, kinds, untilMs }: MessageSearch): ((event: ConversationEvent) => boolean) => {
  return (event) => {
    const { body, timeMs } = event;
    if (body?.type !== 'content' || (untilMs > 0 && timeMs >= untilMs) || (sender !== '' && event.sender !== sender)) return false;
    if (kinds.length > 0 && !kinds.includes(decodeContent(body.value).kind?.type ?? '')) return false;
    const text = searchableText(body.value);
    return text !== undefined && matches(query, text);
  };
};

interface ScanAll {
  readonly scans: readonly ConversationScan[];
  readonly wanted: Wanted;
  readonly limit: number;
}

async function scanAll(deps: QueryDeps, { scans, wanted, limit }: ScanAll): Promise<SearchMessagesResponseInit> {
  const shown: ShownEvent[] = [];
  const left = new Set(scans);
  let bytes = 0;
  let looked = 0;
  let rested = 0;
  for (;;) {
    const scan = newestOf(left);
    if (scan === undefined) return { ...answerOf(shown), nextPage: '' };
    if (shown.length === limit || bytes >= historyLimits.eventBytesMax || looked >= limits.searchMessagesMax)
      return { ...answerOf(shown), nextPage: tokenOf(scan) };
    const match = scan.take();
    if (match === undefined) looked += await scan.advance(wanted);
    else {
      const [found] = await present(deps, scan, [match.row]);
      if (found !== undefined && !found.isWithheld && bodyFieldOf(found.event) === bodyFields.content) {
        shown.push(found);
        bytes += found.event.length;
      }
    }
    if (scan.isOver) left.delete(scan);
    if (looked - rested < historyLimits.searchBreathEvery) continue;
    // Others wait for the event loop.
    rested = looked;
    await sleep(deps.clock, 0);
  }
}

/** Whose next message is the newest; of several the first by id. */
function newestOf(scans: ReadonlySet<ConversationScan>): ConversationScan | undefined {
  let newest: ConversationScan | undefined;
  for (const scan of scans) if (newest === undefined || isBefore(scan, newest)) newest = scan;
  return newest;
}

const isBefore = (a: ConversationScan, b: ConversationScan): boolean =>
  a.timeMs > b.timeMs || (a.timeMs === b.timeMs && a.conversation < b.conversation);

/** Where the next page begins: this message, and what stands behind it in the order of answers. */
interface Place {
  readonly timeMs: number;
  readonly conversation: string;
  readonly seq: number;
}

const tokenOf = ({ timeMs, conversation, seq }: ConversationScan): string => [timeMs, conversation, seq].join(' ');

function placeOf(page: string): Place {
  const [timeMs = '', conversation = '', seq = ''] = pageParts(page, 3);
  return { timeMs: pageNumber(timeMs), conversation, seq: pageNumber(seq) };
}

/** The newest message of a conversation that belongs to the page. */
async function startOf({ store }: QueryDeps, { row, details }: HeldConversation, after: Place | undefined): Promise<ScanStart> {
  const { headSeq, conversation, keptFromSeq } = row;
  const newest = { seq: headSeq, timeMs: details.lastMs };
  if (after === undefined || details.lastMs < after.timeMs) return newest;
  if (conversation === after.conversation) return { seq: after.seq, timeMs: after.timeMs };
  // Of the same moment comes what has the greater id.
  const sinceMs = conversation > after.conversation ? after.timeMs + 1 : after.timeMs;
  const younger = await firstSince(store, row, { from: Math.max(1, keptFromSeq), to: headSeq, sinceMs });
  return { seq: younger === undefined ? headSeq : younger.seq - 1, timeMs: after.timeMs };
}
