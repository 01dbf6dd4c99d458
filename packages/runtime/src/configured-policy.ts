import type { AppConfig, Config } from '@parley/config';
import { type BucketPolicy, defaultPolicy, type LevelRates, type ResolvedPolicy, type RoomRates } from '@parley/lanes';
import { levelRates, overlaidLevels } from './app-policy.js';

type RateSettings = Config['limits'];

/** What the configuration says of an app: its own settings, over those for all, over the defaults. */
export function configuredPolicy(all: RateSettings, app?: AppConfig['limits']): ResolvedPolicy {
  const byDefault = app === undefined ? defaultPolicy.client : overlaidLevels(defaultPolicy.client, roomForKinds(app));
  return {
    client: overlaidLevels(byDefault, overlaidLevels(levelsOf(all.client), levelsOf(app?.client))),
    room: roomRatesOf(all.room, app?.room),
    app: overlaidLevels(defaultPolicy.app, overlaidLevels(levelsOf(all.app), levelsOf(app?.app))),
  };
}

function levelsOf(settings: RateSettings['client']): LevelRates {
  return levelRates((level) => {
    const rate = settings?.[level];
    return rate && { perSecond: rate.perSecond, burst: rate.burst ?? rate.perSecond };
  });
}

function roomRatesOf(all: RateSettings['room'], own: RateSettings['room']): RoomRates {
  const { perSecond, sliceMs, mediumPercent, lowPercent } = defaultPolicy.room;
  return {
    perSecond: own?.perSecond ?? all?.perSecond ?? perSecond,
    sliceMs: own?.sliceMs ?? all?.sliceMs ?? sliceMs,
    mediumPercent: own?.mediumPercent ?? all?.mediumPercent ?? mediumPercent,
    lowPercent: own?.lowPercent ?? all?.lowPercent ?? lowPercent,
  };
}

/**
 * Where a client may send more of some kind of message than usual, LOW and MEDIUM by default have room for all that
 * its rates by kind admit, so that those alone decide.
 */
function roomForKinds({ sendsPerSecond = 0, sendBurst = 0, commandsPerSecond = 0, bulletsPerSecond = 0 }: AppConfig['limits']): LevelRates {
  const more = sendsPerSecond + commandsPerSecond + bulletsPerSecond;
  const raised = (rate: BucketPolicy | undefined) => rate && { perSecond: rate.perSecond + more, burst: rate.burst + more + sendBurst };
  return { low: raised(defaultPolicy.client.low), medium: raised(defaultPolicy.client.medium) };
}
