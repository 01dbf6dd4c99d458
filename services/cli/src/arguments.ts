import { parseLifetime } from './make-token.js';
import { UsageError } from './output.js';

/** What was given; throws UsageError with the question when nothing was. */
export function named(text: string | undefined, question: string): string {
  if (text === undefined || text === '') throw new UsageError(`${question}?`);
  return text;
}

/** A positive whole number. */
export function wholeNumber(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !Number.isSafeInteger(value) || value < 1) throw new UsageError(`not a positive whole number: ${text ?? ''}`);
  return value;
}

/** `key=value` as a pair. */
export function keyAndValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`not key=value: ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** 90, 15m, 2h or 7d in milliseconds. */
export const durationMs = (text: string | undefined): number | undefined => (text === undefined ? undefined : parseLifetime(text) * 1000);
