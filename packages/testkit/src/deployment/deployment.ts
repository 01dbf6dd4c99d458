import type { DeployedAppRules } from './deployed-apps.js';

/** A running Parley, whatever it is made of, as end-to-end tests and load generators see it. */
export interface Deployment extends AsyncDisposable {
  readonly kind: 'standalone' | 'cluster';
  /** WebSocket address of every gateway. */
  readonly urls: readonly string[];
  /** Base of the back-end API. */
  readonly adminUrl: string;
  readonly adminKey: string;
  readonly apps: readonly DeployedApp[];
  /** Clusters: where the stores are, in the keyspace `parley`. */
  readonly cassandra?: { readonly contactPoints: readonly string[]; readonly port: number };
  /** Every part that can be killed, frozen and started again. */
  readonly parts: readonly DeployedPart[];
}

export interface DeployedApp {
  readonly id: string;
  readonly kid: string;
  /** HS256 secret of the app's tokens. */
  readonly secret: string;
  /** What the app lets its users do, where that is not the default. */
  readonly rules?: DeployedAppRules;
}

/** One process of a deployment. */
export interface DeployedPart {
  /** `standalone`, `gateway-1`, `router-1`, `history-1`, `kafka`, `cassandra`, … */
  readonly name: string;
  readonly pid: number | undefined;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Starts it again where it was (same ports, same data); resolves when it is ready. */
  start(): Promise<void>;
  /** SIGTERM and the orderly end. */
  stop(): Promise<void>;
  /** The end of its output, for failure messages. */
  readonly output: string;
}
