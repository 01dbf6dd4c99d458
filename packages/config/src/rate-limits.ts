import { z } from 'zod';
import { setting } from './setting.js';

const rateMax = 10_000_000;

/** What a room takes where nothing is set. */
export const roomRateDefaults = { perSecond: 200, sliceMs: 200, mediumPercent: 50, lowPercent: 40 } as const;

/**
 * How much may be sent, by priority: of each client, in each room, in the whole app. Everything may be left out.
 * `fallback` is the path of the same settings for all apps; without one these are those.
 */
export const rateLimits = (fallback?: string) => ({
  client: z
    .strictObject({
      low: rate({ level: 'LOW', of: 'of each client', defaults: ['100', '200'], fallback: below(fallback, 'client.low') }),
      medium: rate({ level: 'MEDIUM', of: 'of each client', defaults: ['100', '200'], fallback: below(fallback, 'client.medium') }),
      high: rate({ level: 'HIGH', of: 'of each client', defaults: ['5', '10'], fallback: below(fallback, 'client.high') }),
    })
    .optional(),
  room: roomRates(below(fallback, 'room')),
  app: z
    .strictObject({
      low: rate({ level: 'LOW', of: 'in the whole app', defaults: ['none'], fallback: below(fallback, 'app.low') }),
      medium: rate({ level: 'MEDIUM', of: 'in the whole app', defaults: ['none'], fallback: below(fallback, 'app.medium') }),
      high: rate({ level: 'HIGH', of: 'in the whole app', defaults: ['none'], fallback: below(fallback, 'app.high') }),
    })
    .optional(),
});

const below = (fallback: string | undefined, name: string): string | undefined => fallback && `${fallback}.${name}`;

interface RateWords {
  readonly level: string;
  readonly of: string;
  /** Per second and at once; the latter as many as in a second where it is not given. */
  readonly defaults: readonly [perSecond: string, burst?: string];
  readonly fallback: string | undefined;
}

/** One level; its two settings go together. */
function rate({ level, of, defaults: [perSecond, burst], fallback }: RateWords) {
  const expects = `a whole number from 1 to ${rateMax}`;
  const count = z.int().min(1).max(rateMax);
  return z
    .strictObject({
      perSecond: setting(count, {
        meaning: `Messages of priority ${level} per second ${of}.`,
        expects,
        defaultText: below(fallback, 'perSecond') ?? perSecond,
      }),
      burst: setting(count.optional(), {
        meaning: `Messages of priority ${level} at once ${of}; as in a second where only that is given.`,
        expects,
        defaultText: below(fallback, 'burst') ?? burst ?? perSecond,
      }),
    })
    .optional();
}

function roomRates(fallback: string | undefined) {
  const part = (name: keyof typeof roomRateDefaults, range: readonly [number, number], meaning: string) => {
    const [from, to] = range;
    const expects = `a whole number from ${from} to ${to}`;
    const defaultText = below(fallback, name) ?? String(roomRateDefaults[name]);
    return setting(z.int().min(from).max(to).optional(), { meaning, expects, defaultText });
  };
  return z
    .strictObject({
      perSecond: part('perSecond', [1, rateMax], 'Messages per second in a room, all senders together.'),
      sliceMs: part('sliceMs', [50, 1_000], 'Milliseconds of a slice: a room takes its messages slice by slice.'),
      mediumPercent: part('mediumPercent', [1, 100], 'What MEDIUM and LOW together may use of a slice; at least lowPercent.'),
      lowPercent: part('lowPercent', [1, 100], 'What LOW may use of a slice.'),
    })
    .optional();
}
