import {
  type DeployedApp,
  type DeployedAppLimits,
  type Deployment,
  newDeployedApp,
  startStandalone,
  unhurriedLimits,
} from '@parley/testkit';
import { soakRounds } from '../soak.js';
import { HealthyPair, type PairReport } from './healthy-pair.js';

/** A further app of the server, with what its configuration needs besides the id. */
interface SpecialApp {
  readonly id: string;
  readonly keys: readonly object[];
  readonly limits?: DeployedAppLimits & { readonly client?: { readonly high: { readonly perSecond: number; readonly burst: number } } };
}

export interface AttackOptions {
  /** `auto` takes uWebSockets.js where it loads. */
  readonly implementation?: 'auto' | 'ws';
  /** Apps besides `app-one` and `app-two`. */
  readonly apps?: readonly SpecialApp[];
}

/** How long a message of the pair may take; in short on a machine that does other things besides. */
const slowestMsMax = soakRounds({ short: 12_000, full: 5_000 });

/** A server that is treated badly while two users of its first app go on with their conversation. */
export class ServerUnderAttack implements AsyncDisposable {
  readonly deployment: Deployment;
  readonly url: string;
  /** The app of everybody but the healthy pair. */
  readonly app: DeployedApp;
  readonly otherApp: DeployedApp;
  readonly #pair: HealthyPair;
  readonly #pid: number | undefined;

  private constructor(deployment: Deployment, pair: HealthyPair) {
    const [app, otherApp] = deployment.apps;
    if (app === undefined || otherApp === undefined) throw new Error('two apps are needed');
    this.deployment = deployment;
    this.url = deployment.urls[0] ?? '';
    this.app = app;
    this.otherApp = otherApp;
    this.#pair = pair;
    this.#pid = deployment.parts[0]?.pid;
  }

  static async start({ implementation = 'auto', apps = [] }: AttackOptions = {}): Promise<ServerUnderAttack> {
    const plain = [newDeployedApp('app-one'), newDeployedApp('app-two')];
    const configured = plain.map(({ id, kid, secret }) => ({ id, keys: [{ kid, alg: 'HS256', secret }], limits: unhurriedLimits }));
    const env = { PARLEY_EDGE_IMPLEMENTATION: implementation, PARLEY_APPS: JSON.stringify([...configured, ...apps]) };
    const deployment = await startStandalone({ apps: plain, env });
    try {
      const [app] = plain;
      if (app === undefined) throw new Error('unreachable');
      return new ServerUnderAttack(deployment, await HealthyPair.start(deployment.urls[0] ?? '', app));
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Throws unless the pair went on undisturbed, in the process that was started, and nothing went wrong inside. */
  async checkHealth(): Promise<PairReport> {
    const report = await this.#pair.report();
    const [part] = this.deployment.parts;
    const faults = (part?.output ?? '').split('\n').filter((line) => line.includes('"level":"error"'));
    if (faults.length > 0) throw new Error(`the server logged errors:\n${faults.slice(0, 3).join('\n')}`);
    if (part?.pid === undefined || part.pid !== this.#pid) throw new Error('the server is not the process that it was');
    const { errors, connections, slowestMs } = report;
    if (errors.length > 0 || connections !== 2 || slowestMs > slowestMsMax) {
      throw new Error(`the healthy pair was disturbed: ${JSON.stringify(report)}`);
    }
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pair[Symbol.asyncDispose]();
    await this.deployment[Symbol.asyncDispose]();
  }
}
