import { ParleyError } from '@parley/kernel';

/** What an export has, in this order. */
const exportParts = ['profile', 'friends', 'blocked', 'requests', 'conversations', 'messages', 'media'] as const;
export type ExportPart = (typeof exportParts)[number];

/** Where an export goes on: in which part, and where in its list. */
export interface ExportPage {
  readonly part: ExportPart;
  readonly page: string;
}

const firstPage: ExportPage = { part: 'profile', page: '' };

/** Reads a page token; empty is the beginning. Throws INVALID_ARGUMENT for what is none. */
export function readExportPage(token: string): ExportPage {
  if (token === '') return firstPage;
  const [name = '', ...rest] = token.split(':');
  const part = exportParts.find((each) => each === name);
  if (part === undefined) throw new ParleyError('INVALID_ARGUMENT', 'page: not from an answer of this call');
  return { part, page: rest.join(':') };
}

/** The token of what comes behind a page of a part; empty at the end. */
export function pageBehind(part: ExportPart, nextInPart: string): string {
  if (nextInPart !== '') return `${part}:${nextInPart}`;
  const next = exportParts[exportParts.indexOf(part) + 1];
  return next === undefined ? '' : `${next}:`;
}
