import type {
  GetProfilesRequest,
  GetProfilesResponseInit,
  GetRelationsRequest,
  GetRelationsResponseInit,
  ListRelationsRequest,
  ListRelationsResponseInit,
  RelationFactsInit,
} from '@parley/contracts/history';
import { relationViewOf } from '@parley/domain';
import { limits, ParleyError } from '@parley/kernel';
import { decodeRelation, type Relation, RelationKind, type RelationView } from '@parley/wire';
import { historyLimits } from '../limits.js';
import { behind, relationSpace } from '../rows/detail-keys.js';
import { checkFields, checkLimit, checkUsers, pageNumber, pageParts } from './fields.js';
import type { QueryDeps } from './query-deps.js';

/** Profiles of those who have one. */
export async function getProfiles(deps: QueryDeps, request: GetProfilesRequest): Promise<GetProfilesResponseInit> {
  const { app, users } = request;
  checkFields({ app });
  checkSome('users', users);
  if (request.isCurrent) await deps.progress.current();
  const found = await Promise.all(users.map((user) => deps.conversations.find(app, `u:${user}|${user}`)));
  return { profiles: found.flatMap((held) => held?.details.profile ?? []) };
}

/** Relations of a user to some others; those who have nothing to do with each other included. */
export async function getRelations(deps: QueryDeps, request: GetRelationsRequest): Promise<GetRelationsResponseInit> {
  const { app, user, others } = request;
  checkFields({ app, user });
  checkSome('others', others);
  await (request.isCurrent ? deps.progress.current() : deps.progress.fresh());
  const space = relationSpace(user);
  const values = await Promise.all(others.map((other) => deps.store.detail({ app, space, key: other })));
  const relations = others.map((other, i): RelationFactsInit => {
    const value = values[i];
    if (value === undefined) return { view: { other } };
    const relation = decodeRelation(value);
    return { view: relationViewOf(relation, user), isBlockedBy: isBlockedBy(relation, user) };
  });
  return { relations };
}

/** One kind of a user's relations, or all, newest first, and how many there are. */
export async function listRelations(deps: QueryDeps, request: ListRelationsRequest): Promise<ListRelationsResponseInit> {
  const { app, user, kind, page } = request;
  checkFields({ app, user });
  const limit = checkLimit(request.limit, { byDefault: limits.historyPageDefault, max: historyLimits.relationsPageMax });
  const after = page === '' ? undefined : placeOf(page);
  await (request.isCurrent ? deps.progress.current() : deps.progress.fresh());
  const nowMs = deps.clock.now();
  const listed: Placed[] = [];
  for await (const relation of relationsOf(deps, app, user)) {
    const view = relationViewOf(relation, user);
    const sinceMs = sinceMsOf(view, kind, nowMs);
    if (sinceMs !== undefined) listed.push({ view, sinceMs });
  }
  listed.sort((a, b) => compare(a, [b.sinceMs, b.view.other]));
  const rest = after === undefined ? listed : listed.filter((each) => compare(each, after) > 0);
  const relations = rest.slice(0, limit);
  const last = relations.at(-1);
  const nextPage = last === undefined || rest.length <= limit ? '' : `${last.sinceMs} ${last.view.other}`;
  return { relations: relations.map(({ view }) => view), nextPage, count: listed.length };
}

interface Placed {
  readonly view: RelationView;
  readonly sinceMs: number;
}

type Place = readonly [sinceMs: number, other: string];

const compare = ({ view, sinceMs }: Placed, [otherMs, other]: Place): number =>
  otherMs - sinceMs || (view.other < other ? -1 : Number(view.other !== other));

function placeOf(page: string): Place {
  const [sinceMs = '', other = ''] = pageParts(page, 2);
  return [pageNumber(sinceMs), other];
}

/** Since when a relation is of the kind; undefined where it is not. */
function sinceMsOf(view: RelationView, kind: RelationKind, nowMs: number): number | undefined {
  switch (kind) {
    case RelationKind.FRIENDS:
      return view.isFriend ? view.friendSinceMs : undefined;
    case RelationKind.BLOCKED:
      return view.isBlocked ? view.blockedSinceMs : undefined;
    case RelationKind.REQUESTS: {
      const sent = [view.sent, view.received]
        .map((request) => request?.sentMs ?? 0)
        .filter((ms) => ms > 0 && ms > nowMs - limits.requestMs);
      return sent.length === 0 ? undefined : Math.max(...sent);
    }
    case RelationKind.UNSPECIFIED:
      return Math.max(view.friendSinceMs, view.blockedSinceMs, view.sent?.sentMs ?? 0, view.received?.sentMs ?? 0);
    default:
      throw new ParleyError('INVALID_ARGUMENT', 'kind: friends, blocked, requests, or none for all');
  }
}

async function* relationsOf({ store }: QueryDeps, app: string, user: string): AsyncGenerator<Relation> {
  const limit = historyLimits.detailPage;
  for (let from = ''; ; ) {
    const page = await store.details(app, relationSpace(user), { limit, ...(from === '' ? {} : { from }) });
    for (const { value } of page) yield decodeRelation(value);
    if (page.length < limit) return;
    from = behind(page.at(-1)?.key ?? '');
  }
}

function checkSome(field: string, users: readonly string[]): void {
  if (users.length > historyLimits.peopleMax) throw new ParleyError('INVALID_ARGUMENT', `${field}: at most ${historyLimits.peopleMax}`);
  checkUsers(field, users);
}

const isBlockedBy = ({ a, b }: Relation, user: string): boolean => (a?.user === user ? b : a)?.isBlocking ?? false;
