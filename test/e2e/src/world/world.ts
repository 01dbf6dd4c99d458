import { randomId, systemRandom } from '@parley/kernel';
import { createClient, type FullClientOptions } from '@parley/sdk/node';
import { appToken, type DeployedApp, type Deployment } from '@parley/testkit';
import { Actor } from './actor.js';
import { BackEnd } from './back-end.js';
import { WeakLine } from './weak-line.js';

/** Who and where; everything has a default. */
export interface ActorOptions
  extends Partial<Pick<FullClientOptions, 'device' | 'store' | 'localStore' | 'position' | 'catchUp' | 'limits' | 'token' | 'http'>> {
  /** Index of the app; 0 by default. */
  readonly app?: number;
  /** Index of the gateway; counts around. By default every further client takes the next one. */
  readonly gateway?: number;
}

/** Reconnects of tests should not wait for the sake of a server's load. */
const hastyLimits = { reconnectFirstMs: 50, reconnectLongestMs: 400, retryFirstMs: 50 } as const;

/** A deployment as test cases use it: fresh ids, devices of users, back ends; takes everything down in the end. */
export class World implements AsyncDisposable {
  readonly deployment: Deployment;
  readonly #actors = new Set<Actor>();
  #nextGateway = 0;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
  }

  /** An id that no other case has. */
  id(name: string): string {
    return `${name}-${randomId(systemRandom, 8)}`;
  }

  ids<const Names extends readonly string[]>(...names: Names): { [Index in keyof Names]: string } {
    return names.map((name) => this.id(name)) as { [Index in keyof Names]: string };
  }

  app(index = 0): DeployedApp {
    const app = this.deployment.apps[index];
    if (app === undefined) throw new Error(`the deployment has no app ${index}`);
    return app;
  }

  backEnd(app = 0): BackEnd {
    return new BackEnd(this.deployment, this.app(app).id);
  }

  /** Address of a gateway; counts around, so that two gateways may be asked for where there is one. */
  url(gateway: number): string {
    const { urls } = this.deployment;
    return urls[gateway % urls.length] ?? '';
  }

  /** A device that is not connected yet. */
  device(user: string, options: ActorOptions = {}): Actor {
    const { app = 0, gateway = this.#nextGateway++, device = this.id('device'), limits, ...rest } = options;
    const line = new WeakLine();
    const client = createClient({
      url: this.url(gateway),
      token: () => appToken(this.app(app), user),
      device,
      user,
      webSocket: line.factory,
      limits: { ...hastyLimits, ...limits },
      ...rest,
    });
    const actor = new Actor({ user, device, client, line });
    this.#actors.add(actor);
    return actor;
  }

  /** A device that is connected and has caught up. */
  join(user: string, options: ActorOptions = {}): Promise<Actor> {
    return this.device(user, options).start();
  }

  /** Two devices of one user, on different gateways where there are two. */
  async joinTwice(user: string, options: ActorOptions = {}): Promise<readonly [Actor, Actor]> {
    return [await this.join(user, { ...options, gateway: 0 }), await this.join(user, { ...options, gateway: 1 })];
  }

  /** Closes the clients, not the deployment. */
  async closeClients(): Promise<void> {
    for (const { client, line } of this.#actors) {
      client.close();
      // A deaf socket would wait half a minute for the answer to its close.
      line.cut();
    }
    this.#actors.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.closeClients();
    await this.deployment[Symbol.asyncDispose]();
  }
}

/** The 1:1 conversation of two users. */
export const between = (one: string, other: string): string => `u:${[one, other].sort().join('|')}`;
