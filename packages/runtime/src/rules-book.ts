import type { Config, RulesConfig } from '@parley/config';
import { type AppRules, defaultRules, type RulesBook } from '@parley/domain';

const dayMs = 24 * 3_600_000;

/** The rules of every app: its own settings, over those for all, over the defaults. Those for all hold for unknown apps. */
export function createRulesBook({ apps, rules }: Pick<Config, 'apps' | 'rules'>): RulesBook {
  const forAll = overlaid(defaultRules, rules);
  const byApp = new Map<string, AppRules>();
  for (const app of apps) {
    const { textBytesMax = forAll.textBytesMax } = app.limits;
    byApp.set(app.id, { ...overlaid(forAll, app.rules), textBytesMax });
  }
  return { rulesOf: (app) => byApp.get(app) ?? forAll };
}

function overlaid(below: AppRules, { retentionDays, ...rules }: RulesConfig = {}): AppRules {
  return {
    recallWithinMs: rules.recallWithinMs ?? below.recallWithinMs,
    editWithinMs: rules.editWithinMs ?? below.editWithinMs,
    friendsOnly: rules.friendsOnly ?? below.friendsOnly,
    areFriendRequestsNeeded: rules.areFriendRequestsNeeded ?? below.areFriendRequestsNeeded,
    blocksBothWays: rules.blocksBothWays ?? below.blocksBothWays,
    blocksInvitations: rules.blocksInvitations ?? below.blocksInvitations,
    tellsReading: rules.tellsReading ?? below.tellsReading,
    tellsDelivery: rules.tellsDelivery ?? below.tellsDelivery,
    retentionMs: retentionDays === undefined ? below.retentionMs : retentionDays * dayMs,
    isSearchable: rules.isSearchable ?? below.isSearchable,
    textBytesMax: below.textBytesMax,
  };
}
