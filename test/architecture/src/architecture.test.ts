import { describe, expect, it } from '@jest/globals';
import { importCycles } from './cycles.js';
import { layerViolations } from './layers.js';
import { purityViolations } from './purity.js';
import { readSourceFiles, readTestFiles } from './source-files.js';

const linesMax = 500;
const files = readSourceFiles();

describe('architecture', () => {
  it('looks at the whole tree', () => {
    expect(files.length).toBeGreaterThan(200);
    expect(readTestFiles().length).toBeGreaterThan(100);
  });

  it('imports lower layers only, and adapters in runtime only', () => {
    expect(files.flatMap(layerViolations)).toEqual([]);
  });

  it('takes time, randomness and the environment from where they belong', () => {
    expect(files.flatMap(purityViolations)).toEqual([]);
  });

  it('has no files that import each other in a circle', () => {
    expect(importCycles(files)).toEqual([]);
  });

  it('has no file that is too long to read', () => {
    const isHandWritten = ({ path }: { path: string }): boolean => !path.includes('/gen/');
    const long = [...files, ...readTestFiles()].filter(isHandWritten).filter(({ text }) => text.split('\n').length > linesMax);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('notices planted violations', () => {
    const plant = (path: string, text: string) => ({ path, text });
    expect(layerViolations(plant('packages/kernel/src/x.ts', "import { y } from '@parley/rpc';"))).toHaveLength(1);
    expect(layerViolations(plant('services/room/src/x.ts', "import { y } from '@parley/service-group';"))).toHaveLength(1);
    expect(layerViolations(plant('services/room/src/x.ts', "const y = await import('@parley/eventlog-kafka');"))).toHaveLength(1);
    expect(layerViolations(plant('packages/unknown/src/x.ts', ''))).toHaveLength(1);
    expect(purityViolations(plant('packages/store/src/x.ts', 'const t = Date.now();'))).toHaveLength(1);
    expect(purityViolations(plant('services/room/src/x.ts', 'const p = process.env.PORT;'))).toHaveLength(1);
    expect(purityViolations(plant('packages/domain/src/x.ts', "import { readFile } from 'node:fs';"))).toHaveLength(1);
    const circle = [plant('a/src/x.ts', "import { y } from './y.js';"), plant('a/src/y.ts', "import { x } from './x.js';")];
    expect(importCycles(circle)).toEqual(['a/src/x.ts → a/src/y.ts → a/src/x.ts']);
  });
});
