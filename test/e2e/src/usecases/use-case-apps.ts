import { type DeployedApp, newDeployedApp } from '@parley/testkit';

/** Rules of the app in which the social cases try what is not the default. */
export const socialRules = { recallWithinMs: 50, blocksBothWays: false, blocksInvitations: false } as const;
/** Its index among the apps. */
export const socialApp = 2;

/** The apps of a deployment for all use cases. */
export const useCaseApps = (): readonly DeployedApp[] => [
  newDeployedApp('app-one'),
  newDeployedApp('app-two'),
  newDeployedApp('app-three', socialRules),
];
