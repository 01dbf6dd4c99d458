import { type Refusal, refusal } from '@parley/kernel';
import { domainLimits } from './limits.js';

/** What is wrong with the name of a group or room, if anything; an empty one is allowed. */
export function refusalOfName(name: string): Refusal | undefined {
  const { nameCharsMax } = domainLimits;
  // A code point takes at most two UTF-16 units: longer strings need no counting.
  if (name.length <= nameCharsMax) return undefined;
  if (name.length <= 2 * nameCharsMax && [...name].length <= nameCharsMax) return undefined;
  return refusal('INVALID_ARGUMENT', `name: at most ${nameCharsMax} characters`);
}
