import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Files that are tried in long runs only are called `*.soak.ts`. */
const isSoak = process.env.PARLEY_TEST_SOAK === 'full';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Tests run on the sources: @parley/<name>[/<door>] is packages/<name>/src/<door>.ts. */
const sources = Object.fromEntries(
  readdirSync(`${root}packages`).map((name) => [`^@parley/${name}$`, `<rootDir>/packages/${name}/src/index.ts`]),
);
const services = Object.fromEntries(
  readdirSync(`${root}services`)
    .filter((name) => existsSync(`${root}services/${name}/src/index.ts`))
    .map((name) => [`^@parley/service-${name}$`, `<rootDir>/services/${name}/src/index.ts`]),
);

export default {
  rootDir: root,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { configFile: `${root}.swcrc` }] },
  moduleNameMapper: {
    ...sources,
    ...services,
    '^@parley/(eventlog|store|rpc|edge-listener|aggregates)/contract$': '<rootDir>/packages/$1/src/contract/index.ts',
    '^@parley/test-cluster$': '<rootDir>/test/cluster/src/index.ts',
    '^@parley/test-bench/protocol$': '<rootDir>/test/bench/src/protocol/index.ts',
    '^@parley/sdk/testing$': '<rootDir>/packages/sdk/src/testing.ts',
    '^@parley/sdk/node$': '<rootDir>/packages/sdk/src/node.ts',
    '^@parley/contracts/(.*)$': '<rootDir>/packages/contracts/src/$1.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testMatch: ['test', ...(isSoak ? ['soak'] : [])].map((kind) => `<rootDir>/{packages,services,test}/**/*.${kind}.ts`),
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  watchman: false,
  workerIdleMemoryLimit: '512MB',
};
