import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireJava } from './java.js';
import { tellReaper } from './reaper.js';
import { until } from './until.js';

const running = new Set<JvmNode>();
process.on('exit', () => {
  for (const node of running) node.signal('SIGKILL');
});

/** JVM options for a short-lived server on a small machine. */
export const smallJvm = (heap: string): readonly string[] => [
  '-Xms128m',
  `-Xmx${heap}`,
  '-Xss512k',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-XX:+ExitOnOutOfMemoryError',
  '-Djava.net.preferIPv4Stack=true',
];

/** What a node is made of. */
export interface JvmNodeOptions {
  readonly name: string;
  /** Gets the log file. */
  readonly folder: string;
  readonly args: readonly string[];
  readonly isReady: () => Promise<boolean>;
}

/** One server in one JVM, and what a fault test does to it. It never outlives this process. */
export class JvmNode {
  readonly name: string;
  readonly #options: JvmNodeOptions;
  readonly #logFile: string;
  #child: ChildProcess | undefined;

  constructor(options: JvmNodeOptions) {
    this.name = options.name;
    this.#options = options;
    this.#logFile = join(options.folder, `${options.name}.log`);
  }

  /** Process id of the last start; undefined before the first. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isAlive(): boolean {
    return running.has(this);
  }

  /** All that the node has printed, over all its starts. */
  get logs(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** Resolves when the node answers its own protocol; throws with the end of its log when it does not. */
  async start(): Promise<void> {
    const log = openSync(this.#logFile, 'a');
    // A process group of its own, so that Ctrl-C in a terminal does not reach it; few malloc arenas save memory.
    const command = ['MALLOC_ARENA_MAX=4', requireJava().command, ...this.#options.args];
    const child = spawn('env', command, { detached: true, stdio: ['ignore', log, log] });
    this.#child = child;
    closeSync(log);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    running.add(this);
    tellReaper('started', -pid);
    child
      .once('exit', () => {
        running.delete(this);
        tellReaper('ended', -pid);
      })
      .unref();
    await until(this.#options.isReady, {
      what: `${this.name} did not start`,
      timeoutMs: 90_000,
      failure: () => (this.isAlive ? undefined : `the process ended\n${this.logs.slice(-3_000)}`),
    });
  }

  /** Does nothing to a node that does not run. */
  signal(name: NodeJS.Signals): void {
    if (this.isAlive && this.pid !== undefined) process.kill(this.pid, name);
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await until(() => !this.isAlive, { what: `${this.name} did not end`, timeoutMs: 10_000 });
  }

  /** Ends the process in good order, or by force after 15 s. */
  async stop(): Promise<void> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    await until(() => !this.isAlive, { what: this.name, timeoutMs: 15_000 }).catch(() => this.kill());
  }

  /** Starts it again, wherever it stands. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
