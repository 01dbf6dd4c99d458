import { errorNameOf, type ErrorName, errorTable, type Refusal } from '@parley/kernel';
import type { ServerFrameInit } from '@parley/wire';

/** The answer to a request that was refused. */
export function errorFrame(id: number, { name, detail = '', retryAfterMs = 0 }: Refusal): ServerFrameInit {
  const { code, message } = errorTable[name];
  const text = detail === '' ? message : `${message} (${detail})`;
  return { id, body: { type: 'error', value: { code, name, message: text, retryAfterMs } } };
}

/** What a client is told instead of an error of the inside. */
export const clientError = (name: ErrorName): ErrorName => (name === 'NOT_OWNER' ? 'UNAVAILABLE' : name);

/** The client's error for a number that another process sent; INTERNAL for one of another version. */
export const errorOfCode = (code: number): ErrorName => clientError(errorNameOf(code) ?? 'INTERNAL');
