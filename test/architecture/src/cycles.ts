import { dirname, join } from 'node:path/posix';
import { importsOf } from './layers.js';
import type { SourceFile } from './source-files.js';

const typeOnly = /(?:^|\n)\s*(?:import|export)\s+type\b[^'"]*?from\s+['"][^'"]+['"]/g;

/** Chains of files that import each other, type imports left out. */
export function importCycles(files: readonly SourceFile[]): readonly string[] {
  const graph = new Map(files.map(({ path, text }) => [path, relativeImports(path, text.replace(typeOnly, ''))]));
  const cycles: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of graph.keys()) visit(path, []);
  return cycles;
}

const relativeImports = (path: string, text: string): string[] =>
  importsOf(text)
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(path), name).replace(/\.js$/, '.ts'));
