import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Config, loadConfig } from '@parley/config';
import { topics } from '@parley/contracts/topics';
import { createPlatform } from './platform.js';
import type { ProcessHost } from './process-host.js';
import { runService, type ServiceLife } from './run-service.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newConfig(variables: Readonly<Record<string, string>> = {}): Config {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-runtime-'));
  folders.push(dataDir);
  const environment = {
    PARLEY_DATA_DIR: dataDir,
    PARLEY_ADMIN_PORT: '0',
    PARLEY_LOGGING_LEVEL: 'error',
    PARLEY_PARTITIONS: '2',
    ...variables,
  };
  const noFile = (): never => {
    throw new Error('no file');
  };
  return loadConfig({ environment, readFile: noFile }).config;
}

/** A process that a test can send signals to. */
class FakeHost implements ProcessHost {
  readonly printed: string[] = [];
  readonly exited: Promise<number>;
  exit = (_code: number): void => {};
  stop = (_signal: string): void => {};
  fail = (_error: unknown): void => {};

  constructor() {
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
  }

  onStopSignal(listener: (signal: string) => void): void {
    this.stop = listener;
  }

  onFatal(listener: (error: unknown) => void): void {
    this.fail = listener;
  }

  print(line: string): void {
    this.printed.push(line);
  }
}

/** Starts a service and waits until it is up. */
async function started(start: (life: ServiceLife) => void, config = newConfig()) {
  const host = new FakeHost();
  const life = await new Promise<ServiceLife>((resolve) => {
    const onUp = async (own: ServiceLife): Promise<void> => {
      start(own);
      resolve(own);
    };
    void runService('test', onUp, { config, host });
  });
  return { host, life };
}

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

describe('a process', () => {
  it('stops what it started in reverse order and exits with 0', async () => {
    const order: string[] = [];
    const { host } = await started((life) => {
      life.onStop('first', async () => {
        const { end } = await life.platform.log.range(topics.timeline, 0);
        order.push(`first, the log still open at ${end}`);
      });
      life.supervise('loop', async (signal) => {
        await untilAborted(signal);
        order.push('loop');
      });
      life.onStop('last', async () => void order.push('last'));
    });
    host.stop('SIGTERM');
    expect(await host.exited).toBe(0);
    expect(order).toEqual(['last', 'loop', 'first, the log still open at 0']);
  });

  it('is ready once it has started and its checks agree, and not while it stops', async () => {
    let reason: string | undefined = 'owns nothing yet';
    const answers: unknown[] = [];
    const ask = async (life: ServiceLife): Promise<unknown> => (await fetch(`http://127.0.0.1:${life.adminPort}/readyz`)).json();
    const { host, life } = await started((own) => {
      own.readyWhen('partitions', () => reason);
      own.onStop('asks', async () => void answers.push(await ask(own)));
    });
    expect(await ask(life)).toMatchObject({ status: 'not ready', reasons: { partitions: 'owns nothing yet' } });
    reason = undefined;
    expect(await ask(life)).toEqual({ status: 'ready', reasons: {} });
    host.stop('SIGINT');
    await host.exited;
    expect(answers).toEqual([{ status: 'not ready', reasons: { stop: 'the process is stopping' } }]);
  });

  it('exits with 1 when a loop fails or ends by itself, and stops the rest', async () => {
    for (const run of [() => Promise.reject(new Error('disk full')), () => Promise.resolve()]) {
      let isStopped = false;
      const { host } = await started((life) => {
        life.onStop('rest', () => {
          isStopped = true;
        });
        life.supervise('loop', run);
      });
      expect(await host.exited).toBe(1);
      expect(isStopped).toBe(true);
    }
  });

  it('exits with 1 when the stop takes too long or fails', async () => {
    const stuck = gate();
    const slow = await started((life) => life.onStop('stuck', () => stuck.opened), newConfig({ PARLEY_DRAIN_MS: '20' }));
    slow.host.stop('SIGTERM');
    expect(await slow.host.exited).toBe(1);
    stuck.open();
    let others = 0;
    const failing = await started((life) => {
      life.onStop('other', () => {
        others++;
      });
      life.onStop('failing', () => Promise.reject(new Error('no')));
    });
    failing.host.stop('SIGTERM');
    expect(await failing.host.exited).toBe(1);
    expect(others).toBe(1);
  });

  it('ends at once on a second signal and on what nobody caught', async () => {
    const stuck = gate();
    const impatient = await started((life) => life.onStop('stuck', () => stuck.opened));
    impatient.host.stop('SIGTERM');
    impatient.host.stop('SIGTERM');
    expect(await impatient.host.exited).toBe(1);
    stuck.open();
    const broken = await started(() => {});
    broken.host.fail(new Error('a bug'));
    expect(await broken.host.exited).toBe(1);
    broken.host.stop('SIGTERM');
  });

  it('exits with 1 when its service does not start, and closes what was open', async () => {
    const host = new FakeHost();
    const config = newConfig();
    await runService('test', () => Promise.reject(new Error('port taken')), { config, host });
    expect(await host.exited).toBe(1);
    await (await createPlatform(config))[Symbol.asyncDispose]();
  });

  it('says what keeps it from starting at all', async () => {
    const host = new FakeHost();
    await runService('test', async () => {}, { config: newConfig({ PARLEY_DATA_DIR: '/dev/null/nowhere' }), host });
    expect(await host.exited).toBe(1);
    expect(host.printed.join()).toMatch(/cannot start/);
  });
});

describe('an embedded platform', () => {
  it('has every topic, its calls and its stores, and finds its data again', async () => {
    const config = newConfig();
    const first = await createPlatform(config);
    await first.log.append(topics.timeline, 1, [{ value: Uint8Array.of(1) }]);
    await first.directory.publish({ service: 'router', partition: 0, fence: 3, address: first.address, peer: first.peer });
    const epoch = await (await first.historyStore()).epoch();
    expect(await first.historyStore()).toBe(await first.historyStore());
    expect(await (await first.pushStore()).checkpoint(0)).toBeUndefined();
    await first[Symbol.asyncDispose]();

    const second = await createPlatform(config);
    expect(await second.log.range(topics.timeline, 1)).toEqual({ start: 0, end: 1 });
    expect(second.directory.ownerOf('router', 0)?.fence).toBe(3);
    expect(await (await second.historyStore()).epoch()).toBe(epoch);
    expect(second.peer).not.toBe(first.peer);
    await second[Symbol.asyncDispose]();
  });

  it('refuses another number of partitions than its data has', async () => {
    const config = newConfig();
    await (await createPlatform(config))[Symbol.asyncDispose]();
    await expect(createPlatform({ ...config, partitions: 3 })).rejects.toThrow(/partition/);
    await (await createPlatform(config))[Symbol.asyncDispose]();
  });
});
