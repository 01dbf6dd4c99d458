import { tellReaper } from '@parley/engines';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { sleep, systemClock } from '@parley/kernel';
import type { DeployedPart } from './deployment.js';
import { OutputTail } from './output-tail.js';

export interface ManagedProcessOptions {
  readonly name: string;
  /** Built main file of the program. */
  readonly script: string;
  /** Working directory; a `parley.yaml` there would be read. */
  readonly folder: string;
  /** All of its variables: nothing is inherited, so that no setting of a developer's shell gets in. */
  readonly variables: Readonly<Record<string, string>>;
  /** Answers 200 once the process is ready. */
  readonly readyUrl: string;
  /** Options of node, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
  /** Time for a start; 60 s by default. */
  readonly startWithinMs?: number;
  /** Time for an orderly stop; 20 s by default. */
  readonly stopWithinMs?: number;
  /** Hears everything that it prints. */
  readonly onOutput?: (text: string) => void;
}

const readyEveryMs = 20;
const readyAnswerMs = 3_000;
const lastWordsChars = 4_000;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A Node program as one part of a deployment. It never outlives this process, not even when that is killed. */
export class ManagedProcess implements DeployedPart {
  readonly name: string;
  readonly #options: ManagedProcessOptions;
  readonly #output = new OutputTail();
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: ManagedProcessOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get output(): string {
    return this.#output.text;
  }

  /** What fits into the message of an error. */
  get #lastWords(): string {
    return this.output.slice(-lastWordsChars);
  }

  /** Resolves when it is ready; throws with the end of its output when it ends before or takes too long. */
  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.name} runs already`);
    const { script, folder, variables, nodeOptions = [], startWithinMs = 60_000 } = this.#options;
    if (!existsSync(script)) throw new Error(`${script} is not there: build first (npm run build)`);
    // A process group of its own, so that Ctrl-C in a terminal does not reach it.
    const child = spawn(process.execPath, [...nodeOptions, script], {
      ...{ cwd: folder, env: variables, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#watch(child);
    await once(child, 'spawn');
    tellReaper('started', child.pid ?? 0);
    try {
      await this.#untilReady(child, systemClock.monotonic() + startWithinMs);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Does nothing when it does not run; throws when it does not end in time, or with another code than 0. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const { stopWithinMs = 20_000 } = this.#options;
    const overdue = systemClock.setTimer(stopWithinMs, () => child.kill('SIGKILL'));
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await this.#exited;
    overdue();
    if (child.exitCode === 0) return;
    const how = child.exitCode === null ? `by ${child.signalCode} after ${stopWithinMs} ms` : `with code ${child.exitCode}`;
    throw new Error(`${this.name} ended ${how}\n${this.#lastWords}`);
  }

  #watch(child: ChildProcess): void {
    const { onOutput = () => {} } = this.#options;
    const listen = (chunk: Buffer): void => {
      this.#output.add(chunk);
      onOutput(chunk.toString());
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    this.#child = child;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        running.delete(child);
        if (child.pid !== undefined) tellReaper('ended', child.pid);
        this.#child = undefined;
        resolve();
      });
    });
  }

  async #untilReady(child: ChildProcess, deadline: number): Promise<void> {
    for (let reason = ''; ; await sleep(systemClock, readyEveryMs)) {
      if (this.#child !== child) throw new Error(`${this.name} ended while it started\n${this.#lastWords}`);
      if (systemClock.monotonic() > deadline) throw new Error(`${this.name} is not ready: ${reason}\n${this.#lastWords}`);
      try {
        const answer = await fetch(this.#options.readyUrl, { signal: AbortSignal.timeout(readyAnswerMs) });
        reason = await answer.text();
        if (answer.ok) return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
