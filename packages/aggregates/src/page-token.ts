import { ParleyError } from '@parley/kernel';

/** Tokens start with it, so that a later form can be told apart. */
const form = '1';

/** The token of the page behind an id. */
export const pageTokenOf = (id: string): string => Buffer.from(`${form}${id}`).toString('base64url');

export interface PageTokenRules<Id extends string> {
  /** Longer tokens are not even looked at. */
  readonly charsMax: number;
  readonly isId: (text: string) => text is Id;
}

/** The id in a token of {@link pageTokenOf}. Throws INVALID_ARGUMENT for anything else. */
export function readPageToken<Id extends string>(token: string, { charsMax, isId }: PageTokenRules<Id>): Id {
  const text = token.length > charsMax ? '' : Buffer.from(token, 'base64url').toString('latin1');
  const id = text.slice(form.length);
  if (!text.startsWith(form) || !isId(id)) throw new ParleyError('INVALID_ARGUMENT', 'page: not a token of this call');
  return id;
}
