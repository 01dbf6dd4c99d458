// Runs what the README shows. A block is run when the line before it marks it:
//
//   <!-- test: sdk -->     a block of TypeScript that is a whole program for Node: it is given the address of a server
//                          and the tokens of ann and bob as arguments, and has to send a message as one of them and to
//                          print its seq (1) and its text. It may go on running.
//
// Calls with curl need no mark: every one has to be answered with 200, in the order in which they stand there.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock, withTimeout } from '@parley/kernel';
import { appToken, type Deployment, newDeployedApp, startStandalone } from '@parley/testkit';
import { transform } from 'esbuild';
import { curlCalls } from '../door/curl-calls.js';
import { Door } from '../door/door.js';
import { fencedBlocks } from './marked-blocks.js';

jest.setTimeout(60_000);

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const blocks = fencedBlocks(readFileSync(`${root}README.md`, 'utf8'));
/** Below node_modules, from where a program finds the packages of the repository. */
const folder = `${root}node_modules/.cache/parley/readme`;
const patienceMs = 30_000;

describe('README.md', () => {
  const app = newDeployedApp('demo');
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await startStandalone({ apps: [app] });
  });
  afterAll(async () => {
    await deployment?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows a client that works', async () => {
    const programs = blocks.filter(({ mark }) => mark === 'sdk');
    expect(programs.length).toBeGreaterThan(0);
    for (const { text, line } of programs) {
      const sent = /send\('([^']+)'/.exec(text)?.[1];
      if (sent === undefined) throw new Error(`README.md:${line} sends no text`);
      const output = await run(`line-${line}.mjs`, text, {
        args: [deployment.urls[0] ?? '', appToken(app, 'ann'), appToken(app, 'bob')],
        until: (printed) => printed.includes(sent) && /\b1\b/.test(printed),
      });
      expect(output).toContain(sent);
    }
  });

  it('shows calls of the back-end API that work', async () => {
    const door = new Door(deployment);
    const calls = blocks.filter(({ language }) => language === 'sh').flatMap(curlCalls);
    expect(calls.length).toBeGreaterThan(0);
    for (const { path, body } of calls) {
      const answer = await door.send(path, body);
      expect({ path, ...answer }).toMatchObject({ path, status: 200 });
    }
  });
});

interface ProgramRun {
  readonly args: readonly string[];
  /** Whether it has printed what was waited for; it is ended then. */
  readonly until: (printed: string) => boolean;
}

/** Runs a program in TypeScript in a process of its own; answers what it has printed. */
async function run(name: string, program: string, { args, until }: ProgramRun): Promise<string> {
  const { code } = await transform(program, { loader: 'ts', format: 'esm', target: 'node20' });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, code);
  const child = spawn(process.execPath, [`${folder}/${name}`, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    return await printedBy(child, until);
  } finally {
    child.kill('SIGKILL');
  }
}

function printedBy(child: ChildProcess, until: (printed: string) => boolean): Promise<string> {
  let printed = '';
  const enough = new Promise<string>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (until(printed)) resolve(printed);
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('close', (exitCode) => reject(new Error(`the program ended with ${exitCode} and printed:\n${printed}`)));
  });
  return withTimeout(systemClock, patienceMs, enough, () => new Error(`the program goes on and has printed:\n${printed}`));
}
