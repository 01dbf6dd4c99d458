import { errorNameOf, type ErrorName, errorTable, type Refusal } from '@parley/kernel';
import type { ServerFrameInit } from '@parley/wire';

/** The answer to a request that was refused. */
export function errorFrame(id: number, { name, detail = '', retryAfterMs = 0 }: Refusal): ServerFrameInit {
  const { code, message } = errorTable[name];
  const text = detail === '' ? message : `${message} (${detail})`;
  return { id, body: { type: 'error', value: { code, name, message: text, retryAfterMs } } };
}

/** The error of a number that another process sent; INTERNAL for one of another version. */
export const errorOfCode = (code: number): ErrorName => errorNameOf(code) ?? 'INTERNAL';
