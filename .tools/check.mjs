// npm run check: everything that can be found without running the product.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, installIfNeeded, root } from './ensure.mjs';

installIfNeeded();
const bin = (name) => `${root}node_modules/.bin/${name}`;
const tsc = `${root}node_modules/typescript-native/bin/tsc`;
const proto = { cwd: `${root}proto` };

/** Fails when generating anew gives other files than those that are committed. */
function isGeneratedCodeFresh() {
  const pages = ['errors', 'limits', 'configuration'].map((name) => `docs/${name}.md`);
  const paths = ['packages/wire/src/gen', 'packages/contracts/src/gen', 'packages/contracts/gen', ...pages, 'docs/openapi.json'];
  const before = mkdtempSync(join(tmpdir(), 'parley-gen-'));
  try {
    for (const path of paths) spawnSync('cp', ['-r', '--parents', path, before], { cwd: root });
    const generated = spawnSync(process.execPath, ['.tools/generate.mjs'], { cwd: root, encoding: 'utf8' });
    if (generated.status !== 0) return generated;
    for (const path of paths) {
      const diff = spawnSync('diff', ['-r', join(before, path), path], { cwd: root, encoding: 'utf8' });
      if (diff.status !== 0) return { ...diff, stdout: `run "npm run generate" and commit the result\n${diff.stdout}` };
    }
    return { status: 0, stdout: '' };
  } finally {
    rmSync(before, { recursive: true, force: true });
  }
}

const command =
  (file, args, options = {}) =>
  () =>
    spawnSync(file, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, ...options });

const steps = [
  ['format and lint', command(bin('biome'), ['check', '--max-diagnostics=40', '.'])],
  ['contracts: lint', command(bin('buf'), ['lint'], proto)],
  ['contracts: no breaking change', command(bin('buf'), ['breaking', '--against', 'released.binpb'], proto)],
  ['generated code is up to date', isGeneratedCodeFresh],
  ['types, tests included', command(process.execPath, [tsc, '--noEmit', '-p', '.tools/tsconfig.tests.json'])],
  ['unused code and dependencies', command(bin('knip'), ['--config', '.tools/knip.json', '--no-progress', '--no-config-hints'])],
  // It takes the client's own method `group` for that of arrays.
  [
    'the client’s script for old browsers',
    command(bin('es-check'), ['es2017', '--checkFeatures', '--ignore', 'ArrayPrototypeGroup', 'packages/sdk/dist/parley.global.js']),
  ],
  ['size of the client', command(process.execPath, ['packages/sdk/scripts/size.mjs'])],
];

build();
let failed = 0;
for (const [name, run] of steps) {
  const started = performance.now();
  const result = run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${result.status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (result.status !== 0) {
    failed++;
    console.log(`${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`);
  }
}
if (failed > 0) process.exit(1);
if (!existsSync(`${root}package-lock.json`)) process.exit(1);
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8'));
const incomplete = Object.entries(lock.packages).flatMap(([, { optionalDependencies = {} }]) =>
  Object.keys(optionalDependencies).filter((name) => !Object.keys(lock.packages).some((path) => path.endsWith(`node_modules/${name}`))),
);
if (incomplete.length > 0) {
  console.log(`FAILED lock file: no entry for ${incomplete.join(', ')}`);
  process.exit(1);
}
