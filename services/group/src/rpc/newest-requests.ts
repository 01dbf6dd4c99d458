import type { GroupRequest } from '@parley/wire';
import { groupLimits } from '../limits.js';

/** As many as one answer holds, newest first; of the same moment by group. */
export const newestRequests = (requests: readonly GroupRequest[]): readonly GroupRequest[] =>
  requests.toSorted((a, b) => b.sentMs - a.sentMs || (a.group < b.group ? -1 : 1)).slice(0, groupLimits.userRequestsMax);
