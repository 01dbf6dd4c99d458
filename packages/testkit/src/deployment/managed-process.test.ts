import { freePorts, temporaryFolder } from '@parley/engines';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { sleep, systemClock } from '@parley/kernel';
import { ManagedProcess, type ManagedProcessOptions } from './managed-process.js';
import { OutputTail } from './output-tail.js';

const folder = temporaryFolder('testkit');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = join(folder, 'program.mjs');
writeFileSync(
  script,
  `import { createServer } from 'node:http';
  const { PORT, STOP, HOME } = process.env;
  console.log('home', HOME);
  if (PORT === undefined) throw new Error('a bad start');
  createServer((_, response) => response.end('ready')).listen(Number(PORT), '127.0.0.1');
  process.on('SIGTERM', () => { if (STOP !== 'never') process.exit(Number(STOP ?? 0)); });`,
);

const started: ManagedProcess[] = [];
afterEach(async () => {
  for (const program of started.splice(0)) await program.kill();
});

async function newProgram(options: Partial<ManagedProcessOptions> = {}): Promise<ManagedProcess> {
  const [port = 0] = await freePorts(1);
  const { variables, ...others } = options;
  const program = new ManagedProcess({
    ...{ name: 'program', script, folder, readyUrl: `http://127.0.0.1:${port}`, ...others },
    variables: variables ?? { PORT: `${port}` },
  });
  started.push(program);
  return program;
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a managed process', () => {
  it('is gone after a kill and comes back where it was', async () => {
    const program = await newProgram();
    await program.start();
    const first = program.pid ?? 0;
    expect(isAlive(first)).toBe(true);
    await program.kill();
    expect(program.pid).toBeUndefined();
    expect(isAlive(first)).toBe(false);
    await program.start();
    expect(program.pid).not.toBe(first);
  });

  it('inherits no variable', async () => {
    const program = await newProgram();
    await program.start();
    expect(program.output).toContain('home undefined');
  });

  it('says why it did not start, with its last words', async () => {
    const program = await newProgram({ variables: {} });
    await expect(program.start()).rejects.toThrow(/program ended while it started[\s\S]*a bad start/);
    expect(program.pid).toBeUndefined();
  });

  it('does not stay when it was not ready in time', async () => {
    const program = await newProgram({ readyUrl: 'http://127.0.0.1:1', startWithinMs: 1 });
    await expect(program.start()).rejects.toThrow('program is not ready');
    expect(program.pid).toBeUndefined();
  });

  it('stops in good order, also when it was frozen, and does not mind being stopped twice', async () => {
    const program = await newProgram();
    await program.start();
    program.freeze();
    await program.stop();
    await program.stop();
    expect(program.pid).toBeUndefined();
  });

  it('tells a stop that was not clean', async () => {
    const [port = 0] = await freePorts(1);
    const readyUrl = `http://127.0.0.1:${port}`;
    const rude = await newProgram({ readyUrl, variables: { PORT: `${port}`, STOP: '3' } });
    await rude.start();
    await expect(rude.stop()).rejects.toThrow('program ended with code 3');
    const deaf = await newProgram({ readyUrl, variables: { PORT: `${port}`, STOP: 'never' }, stopWithinMs: 50 });
    await deaf.start();
    await expect(deaf.stop()).rejects.toThrow('program ended by SIGKILL after 50 ms');
  });

  it('does not outlive a kill -9 of whoever started it', async () => {
    // The build, because this parent runs outside of the test's machinery.
    const built = new URL('../../../engines/dist/reaper.js', import.meta.url).href;
    const source = `
      import { spawn } from 'node:child_process';
      import { tellReaper } from '${built}';
      const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
      tellReaper('started', child.pid);
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(chunk.toString());
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    while (isAlive(pid)) await sleep(systemClock, 10);
  });
});

describe('the output of a process', () => {
  it('keeps its end, however much there is', () => {
    const tail = new OutputTail();
    for (let line = 0; line < 50_000; line++) tail.add(`line ${line}\n`);
    expect(tail.text.length).toBeLessThanOrEqual(64 * 1024);
    expect(tail.text.endsWith('line 49999\n')).toBe(true);
  });
});
