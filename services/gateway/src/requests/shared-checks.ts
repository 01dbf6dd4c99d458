import { limits } from '@parley/kernel';
import { demand } from './request-handler.js';

/** Names of groups and rooms: counted in code points. */
export function demandName(name: string): void {
  demand([...name].length <= limits.nameCharsMax, `name: at most ${limits.nameCharsMax} characters`);
}

export function demandPage(limit: number): void {
  demand(limit <= limits.memberPageMax, `limit: at most ${limits.memberPageMax}`);
}
