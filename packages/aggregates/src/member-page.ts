import { isUserId, limits, ParleyError } from '@parley/kernel';
import { pageTokenOf, readPageToken } from './page-token.js';

/** Which part of a list of members is asked for. */
export interface PageRequest {
  /** Opaque; empty for the first page. */
  readonly page: string;
  /** 0 for the most that is allowed. */
  readonly limit: number;
}

/** Members that can be read in pages, as MemberSet of the domain. */
export interface PagedMembers {
  readonly size: number;
  page(after: string, limit: number): readonly string[];
}

export interface MemberPage {
  readonly users: readonly string[];
  /** Of the next page; empty when this was the last one. */
  readonly nextPage: string;
  readonly memberCount: number;
}

const tokenRules = { charsMax: 64, isId: isUserId };

/** One page of members. Throws INVALID_ARGUMENT for a limit above 100 and for a token that is none. */
export function memberPage(members: PagedMembers, { page, limit }: PageRequest): MemberPage {
  const { memberPageMax } = limits;
  if (limit > memberPageMax) throw new ParleyError('INVALID_ARGUMENT', `limit: at most ${memberPageMax}`);
  const count = limit === 0 ? memberPageMax : limit;
  // One more than asked for tells whether there is a next page.
  const found = members.page(page === '' ? '' : readPageToken(page, tokenRules), count + 1);
  const users = found.slice(0, count);
  const nextPage = found.length > count ? pageTokenOf(users.at(-1) ?? '') : '';
  return { users, nextPage, memberCount: members.size };
}
