import type { DetailKey } from '@parley/store';

/** What was done to messages lies together in blocks of so many seqs; search remembers as many at a time. */
export const blockSeqs = 512;
export const blockOf = (seq: number): number => Math.floor(seq / blockSeqs);

/** Numbers below 2^53 as text of equal length, so that keys sort as the numbers do. */
export const sortable = (value: number): string => value.toString(16).padStart(14, '0');
export const fromSortable = (text: string): number => Number.parseInt(text, 16);

/** Where a page goes on: behind a key, before all that are longer or greater; no key holds a space. */
export const behind = (key: string): string => `${key} `;

/** Rows of jobs lie in an app of their own, because a partition holds conversations of all apps. */
const jobs = '_jobs';

/** A user's states of their conversations, by conversation. */
export const memberStateKey = (app: string, user: string, conversation: string): DetailKey => ({
  app,
  space: userSpace(user),
  key: conversation,
});
export const userSpace = (user: string): string => `user:${user}`;

/** Where cursors of a group's members lie, by user. */
export const cursorSpace = (conversation: string): string => `c:${conversation}`;

/** What messages of one block have become: states, reactions, and a mark of how far that is true. */
export const blockSpace = (conversation: string, block: number): string => `${blockSpacePrefix}${conversation}/${sortable(block)}`;
export const blockSpacePrefix = 'm:';
export const blockMarkKey = 'v';
export const statePrefix = 's/';
export const stateKey = (seq: number): string => `${statePrefix}${sortable(seq)}`;
/** A user's own reactions, by message. */
export const ownReactionsPrefix = (user: string): string => `o/${user}/`;
const ownReactionsOf = (user: string, seq: number): string => `${ownReactionsPrefix(user)}${sortable(seq)}/`;
export const ownReactionKey = (user: string, seq: number, reaction: string): string =>
  `${ownReactionsOf(user, seq)}${encodeURIComponent(reaction)}`;
/** All reactions to a message in the order in which they came. */
export const reactionsPrefix = (seq: number): string => `i/${sortable(seq)}/`;
export const reactionKey = (seq: number, eventSeq: number): string => `${reactionsPrefix(seq)}${sortable(eventSeq)}`;

/** The answers in a thread, by seq. */
export const threadSpace = (conversation: string, rootSeq: number): string => `t:${conversation}/${sortable(rootSeq)}`;
/** Messages that a user has deleted for themselves, by seq. */
export const hiddenSpace = (user: string, conversation: string): string => `h:${user}/${conversation}`;
/** A user's relations, by the other user. */
export const relationSpace = (user: string): string => `rel:${user}`;
/** What was reported, by time. */
export const reportSpace = 'report';
/** Filters of search, by block. */
export const searchSpace = (conversation: string): string => `${searchSpacePrefix}${conversation}`;
export const searchSpacePrefix = 'search:';

/** One message, for jobs that reach over all apps. */
export interface MessageKey {
  readonly app: string;
  readonly conversation: string;
  readonly seq: number;
}

/** Messages that go at a time of their own, by that time. */
export const expiryKey = (partition: number, timeMs: number, { app, conversation, seq }: MessageKey): DetailKey => ({
  app: jobs,
  space: `expiry:${partition}`,
  key: [sortable(timeMs), app, conversation, sortable(seq)].join('/'),
});

/** Up to when a partition's expiries are done: from there on they are looked for, not among the tombstones of those before. */
export const expiriesDoneKey = (partition: number): DetailKey => ({ app: jobs, space: 'done', key: `expiry:${partition}` });

/** Reads what an expiry's key says. */
export function parseExpiryKey(key: string): MessageKey & { readonly timeMs: number } {
  const [timeMs = '', app = '', conversation = '', seq = ''] = key.split('/');
  return { timeMs: fromSortable(timeMs), app, conversation, seq: fromSortable(seq) };
}

/** Users whose words are to be taken out of a conversation. */
export const erasureKey = (partition: number, app: string, conversation: string, user: string): DetailKey => ({
  app: jobs,
  space: `erasure:${partition}`,
  key: [app, conversation, user].join('/'),
});

/** Reads what an erasure's key says. */
export function parseErasureKey(key: string): { readonly app: string; readonly conversation: string; readonly user: string } {
  const [app = '', conversation = '', user = ''] = key.split('/');
  return { app, conversation, user };
}

/** A row that says only that it is there. */
export const present: Uint8Array = Uint8Array.of(1);
