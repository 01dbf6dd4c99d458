import { describe, jest } from '@jest/globals';
import { startCluster } from '@parley/test-cluster';
import { missingEngines } from './missing-engines.js';
import { describePromises } from './promises/all-promises.js';
import { soakRounds } from './soak.js';
import { describeUseCases } from './usecases/all-use-cases.js';
import { useCaseApps } from './usecases/use-case-apps.js';
import { shareDeployment } from './world/shared-deployment.js';

jest.setTimeout(60_000);

(missingEngines().length > 0 ? describe.skip : describe)('two gateways and two routers on Kafka and Cassandra', () => {
  const start = shareDeployment(() => startCluster({ gateways: 2, routers: 2, apps: useCaseApps() }), 2);
  describePromises(start, { hasTables: true });
  describeUseCases(start, {
    viewers: 300,
    matches: soakRounds({ short: 6, full: 200 }),
    caseMessages: soakRounds({ short: 2_000, full: 10_000 }),
    fileBytes: soakRounds({ short: 12, full: 100 }) * 1024 * 1024,
  });
});
