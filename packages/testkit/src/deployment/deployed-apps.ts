import { randomId, systemRandom } from '@parley/kernel';
import type { DeployedApp } from './deployment.js';

/** Limits of a deployed app, as the configuration calls them; what is left out has its default there. */
export type DeployedAppLimits = Readonly<
  Partial<Record<'sendsPerSecond' | 'sendBurst' | 'commandsPerSecond' | 'bulletsPerSecond' | 'textBytesMax' | 'heartbeatMs', number>>
>;

/** Rules of a deployed app, as the configuration calls them; what is left out has its default there. */
export type DeployedAppRules = Readonly<
  Partial<
    Record<'recallWithinMs' | 'editWithinMs' | 'retentionDays', number> &
      Record<
        | 'friendsOnly'
        | 'areFriendRequestsNeeded'
        | 'blocksBothWays'
        | 'blocksInvitations'
        | 'tellsReading'
        | 'tellsDelivery'
        | 'isSearchable',
        boolean
      >
  >
>;

/** Rates that no test meets by accident: the highest that can be configured. */
export const unhurriedLimits: DeployedAppLimits = {
  sendsPerSecond: 10_000,
  sendBurst: 10_000,
  commandsPerSecond: 10_000,
  bulletsPerSecond: 10_000,
};

/** An app with a secret of its own. */
export function newDeployedApp(id: string, rules?: DeployedAppRules): DeployedApp {
  return { id, kid: `${id}-key`, secret: randomId(systemRandom, 52), ...(rules && { rules }) };
}

/** The value of PARLEY_APPS for these apps. */
export function appsVariable(apps: readonly DeployedApp[], limits: DeployedAppLimits = unhurriedLimits): string {
  return JSON.stringify(apps.map(({ id, kid, secret, rules }) => ({ id, keys: [{ kid, alg: 'HS256', secret }], limits, rules })));
}
