import { limits } from '@parley/kernel';
import { z } from 'zod';
import { setting } from './setting.js';

const daysMax = 36_500;

/**
 * What an app lets its users do. Everything may be left out. `fallback` is the path of the same settings for all apps;
 * without one these are those.
 */
export function appRules(fallback?: string) {
  const below = (name: string): string | undefined => fallback && `${fallback}.${name}`;
  const within = (name: 'recallWithinMs' | 'editWithinMs', longest: number, meaning: string) =>
    setting(z.int().min(0).max(longest).optional(), {
      meaning,
      expects: `milliseconds from 0 to ${longest}`,
      defaultText: below(name) ?? String(limits[name]),
    });
  const flag = (name: string, byDefault: boolean, meaning: string) =>
    setting(z.boolean().optional(), { meaning, expects: 'true or false', defaultText: below(name) ?? String(byDefault) });
  return z.strictObject({
    recallWithinMs: within('recallWithinMs', limits.recallWithinMsMax, 'How long after sending a user may recall a message; 0: never.'),
    editWithinMs: within('editWithinMs', limits.retentionMs, 'How long after sending a user may edit a message; 0: never.'),
    friendsOnly: flag('friendsOnly', false, 'Whether only friends may write to each other, and bring each other into groups.'),
    areFriendRequestsNeeded: flag(
      'areFriendRequestsNeeded',
      true,
      'Whether users become friends by a request and its acceptance, or at once.',
    ),
    blocksBothWays: flag('blocksBothWays', true, 'Whether a user who blocks another may not write to them either.'),
    blocksInvitations: flag('blocksInvitations', true, 'Whether a block stops invitations to groups, too.'),
    tellsReading: flag('tellsReading', true, 'Whether others learn what a user has read.'),
    tellsDelivery: flag('tellsDelivery', true, 'Whether others learn what has arrived at a user.'),
    retentionDays: setting(z.int().min(1).max(daysMax).optional(), {
      meaning: 'How long messages are kept.',
      expects: `days from 1 to ${daysMax}`,
      defaultText: below('retentionDays') ?? String(limits.retentionMs / (24 * 3_600_000)),
    }),
    isSearchable: flag('isSearchable', true, 'Whether users may search.'),
  });
}
