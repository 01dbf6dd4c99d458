import { jest } from '@jest/globals';
import { startStandalone } from '@parley/testkit';
import { soakRounds } from './soak.js';
import { describeUseCases } from './usecases/all-use-cases.js';
import { useCaseApps } from './usecases/use-case-apps.js';

jest.setTimeout(60_000);

describeUseCases(() => startStandalone({ apps: useCaseApps() }), {
  viewers: soakRounds({ short: 600, full: 5_000 }),
  matches: soakRounds({ short: 8, full: 1_000 }),
  caseMessages: soakRounds({ short: 3_000, full: 10_000 }),
  fileBytes: soakRounds({ short: 12, full: 100 }) * 1024 * 1024,
});
