import { jest } from '@jest/globals';
import { startStandalone } from '@parley/testkit';
import { describePromises } from './promises/all-promises.js';

jest.setTimeout(60_000);

describePromises(() => startStandalone(), { hasTables: false });
