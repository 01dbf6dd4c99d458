import { type Config, ConfigError, loadConfig } from '@parley/config';
import { PolicyService } from '@parley/contracts/policy';
import { sleep } from '@parley/kernel';
import { type AdminServer, openAdminServer } from './admin-server.js';
import { JsonDoor } from './json-door.js';
import { createPlatform, type Platform } from './platform.js';
import { nodeHost, type ProcessHost } from './process-host.js';
import { Readiness, type ReadinessCheck } from './readiness.js';
import { StopList } from './stop-list.js';

/** What a service gets when it starts. */
export interface ServiceLife {
  readonly platform: Platform;
  /** Port of health, metrics and API. */
  readonly adminPort: number;
  /** Traffic comes once all checks answer undefined. */
  readyWhen(name: string, check: ReadinessCheck): void;
  /**
   * Runs a loop until the process stops; its signal is aborted then, and it is awaited. A loop that ends or
   * fails before takes the process down.
   */
  supervise(name: string, run: (signal: AbortSignal) => Promise<void>): void;
  /** Called when the process stops; what was added last is stopped first, loops included. */
  onStop(name: string, stop: () => void | PromiseLike<void>): void;
}

export interface RunOptions {
  /** Read from file and variables by default. */
  readonly config?: Config;
  /** Completes the configuration before anything is built from it. */
  readonly adjust?: (config: Config) => Config;
  /** This process by default. */
  readonly host?: ProcessHost;
}

/**
 * The life of a process: configuration, platform, `start`, then work until SIGTERM or SIGINT, then an
 * orderly stop within `drainMs`. Exit code 0 after a clean stop, 1 after anything else. A second signal
 * ends the process at once.
 */
export async function runService(name: string, start: (life: ServiceLife) => Promise<void>, options: RunOptions = {}): Promise<void> {
  const host = options.host ?? nodeHost;
  try {
    const { adjust = (config) => config } = options;
    const config = adjust(options.config ?? readConfig(host));
    const life = new ProcessLife(await createPlatform(config), host);
    await life.run(name, start);
  } catch (error) {
    host.print(error instanceof ConfigError ? error.message : `cannot start: ${describe(error)}`);
    host.exit(1);
  }
}

function readConfig(host: ProcessHost): Config {
  const { config, unknownVariables } = loadConfig();
  for (const variable of unknownVariables) host.print(`warning: ${variable} sets nothing; "parley config" lists all variables`);
  return config;
}

class ProcessLife {
  readonly #platform: Platform;
  readonly #host: ProcessHost;
  readonly #stops: StopList;
  readonly #readiness: Readiness;
  /** Resolves with the exit code that the reason for stopping deserves. */
  readonly #stopRequested: Promise<number>;
  #requestStop = (_exitCode: number): void => {};

  constructor(platform: Platform, host: ProcessHost) {
    this.#platform = platform;
    this.#host = host;
    this.#stops = new StopList(platform.telemetry.logger);
    this.#readiness = new Readiness(platform.clock);
    this.#stopRequested = new Promise((resolve) => {
      this.#requestStop = resolve;
    });
    this.#listen();
  }

  async run(name: string, start: (life: ServiceLife) => Promise<void>): Promise<void> {
    const { logger } = this.#platform.telemetry;
    this.#readiness.set('start', () => 'the process is starting');
    this.#stops.add('platform', () => this.#platform[Symbol.asyncDispose]());
    let exitCode = 1;
    try {
      const admin = await this.#openAdmin();
      await start(this.#lifeOf(admin.port));
      this.#readiness.set('start', () => undefined);
      logger.info('started', { service: name, mode: this.#platform.config.mode, adminPort: admin.port });
      exitCode = await this.#stopRequested;
    } catch (error) {
      logger.error('could not start', { service: name }, error);
    }
    this.#readiness.set('stop', () => 'the process is stopping');
    const isClean = await this.#stopInTime();
    logger.info('stopped', { service: name, isClean });
    this.#host.exit(isClean ? exitCode : 1);
  }

  #lifeOf(adminPort: number): ServiceLife {
    return {
      platform: this.#platform,
      adminPort,
      readyWhen: (name, check) => this.#readiness.set(name, check),
      supervise: (name, run) => this.#supervise(name, run),
      onStop: (name, stop) => this.#stops.add(name, stop),
    };
  }

  async #openAdmin(): Promise<AdminServer> {
    const { config, clients, dialer, address, telemetry } = this.#platform;
    const door = new JsonDoor({ ...clients, policy: dialer.client(PolicyService, address) });
    const admin = await openAdminServer({ ...config.admin, readiness: this.#readiness, door, telemetry });
    this.#stops.add('admin server', () => admin[Symbol.asyncDispose]());
    return admin;
  }

  #supervise(name: string, run: (signal: AbortSignal) => Promise<void>): void {
    const stop = new AbortController();
    const running = run(stop.signal).then(
      () => {
        if (!stop.signal.aborted) this.#fail(`${name} ended`, undefined);
      },
      (error: unknown) => {
        if (!stop.signal.aborted) this.#fail(`${name} failed`, error);
      },
    );
    this.#stops.add(name, () => {
      stop.abort();
      return running;
    });
  }

  #fail(what: string, error: unknown): void {
    this.#platform.telemetry.logger.error(what, {}, error);
    this.#requestStop(1);
  }

  #listen(): void {
    const { logger } = this.#platform.telemetry;
    let signals = 0;
    this.#host.onStopSignal((signal) => {
      signals++;
      logger.info('asked to stop', { signal });
      if (signals > 1) this.#host.exit(1);
      this.#requestStop(0);
    });
    this.#host.onFatal((error) => {
      logger.error('an error that nobody caught', {}, error);
      this.#host.exit(1);
    });
  }

  async #stopInTime(): Promise<boolean> {
    const { clock, config, telemetry } = this.#platform;
    const finished = new AbortController();
    const timeout = sleep(clock, config.drainMs, finished.signal).then(
      () => {
        telemetry.logger.error('the stop took too long', { drainMs: config.drainMs });
        return false;
      },
      () => false,
    );
    const isClean = await Promise.race([this.#stops.stopAll(), timeout]);
    finished.abort();
    return isClean;
  }
}

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
