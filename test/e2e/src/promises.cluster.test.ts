import { describe, jest } from '@jest/globals';
import { startCluster } from '@parley/test-cluster';
import { describePromises } from './promises/all-promises.js';
import { missingEngines } from './missing-engines.js';

jest.setTimeout(60_000);

(missingEngines().length > 0 ? describe.skip : describe)('two gateways and two routers on Kafka and Cassandra', () => {
  describePromises(() => startCluster({ gateways: 2, routers: 2 }));
});
