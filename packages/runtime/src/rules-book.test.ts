import { describe, expect, it } from '@jest/globals';
import { type Config, loadConfig } from '@parley/config';
import { defaultRules } from '@parley/domain';
import { createRulesBook } from './rules-book.js';

const secret = 'x'.repeat(32);
const dayMs = 24 * 3_600_000;

const configOf = (yaml: string): Config => loadConfig({ environment: { PARLEY_CONFIG: 'f' }, readFile: () => yaml }).config;

describe('the rules of apps', () => {
  it('are the defaults where nothing is set', () => {
    expect(createRulesBook(configOf('')).rulesOf('shop')).toEqual(defaultRules);
  });

  it("are the app's own, over those for all, over the defaults", () => {
    const keys = `keys: [{ kid: k, alg: HS256, secret: ${secret} }]`;
    const shop = `{ id: shop, ${keys}, limits: { textBytesMax: 100 }, rules: { tellsReading: true, retentionDays: 7 } }`;
    const config = configOf(
      `rules: { tellsReading: false, tellsDelivery: false, retentionDays: 30 }\napps: [${shop}, { id: game, ${keys} }]\n`,
    );
    const { rulesOf } = createRulesBook(config);
    const forAll = { ...defaultRules, tellsReading: false, tellsDelivery: false, retentionMs: 30 * dayMs };
    expect(rulesOf('game')).toEqual(forAll);
    expect(rulesOf('an app that nobody configured')).toEqual(forAll);
    expect(rulesOf('shop')).toEqual({ ...forAll, tellsReading: true, retentionMs: 7 * dayMs, textBytesMax: 100 });
  });

  it('takes every setting over', () => {
    const all = {
      recallWithinMs: 1,
      editWithinMs: 2,
      friendsOnly: true,
      areFriendRequestsNeeded: false,
      blocksBothWays: false,
      blocksInvitations: false,
      tellsReading: false,
      tellsDelivery: false,
      isSearchable: false,
    };
    const rules = createRulesBook(configOf(`rules: ${JSON.stringify(all)}`)).rulesOf('shop');
    expect(rules).toEqual({ ...defaultRules, ...all });
  });
});
