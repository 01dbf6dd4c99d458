import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A TypeScript source file of the tree. */
export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Every source file of packages and services, generated code included. */
export const readSourceFiles = (): readonly SourceFile[] => filesIn(['packages', 'services'], 'src');

/** Every file of the tests that do not stand next to what they test. */
export const readTestFiles = (): readonly SourceFile[] => [...filesIn(['packages', 'services'], 'test'), ...filesIn(['test'], 'src')];

function filesIn(kinds: readonly string[], folder: string): readonly SourceFile[] {
  const files: SourceFile[] = [];
  for (const kind of kinds) {
    for (const name of readdirSync(`${root}${kind}`)) collect(`${kind}/${name}/${folder}`, files);
  }
  return files;
}

function collect(folder: string, files: SourceFile[]): void {
  if (!existsSync(`${root}${folder}`)) return;
  for (const entry of readdirSync(`${root}${folder}`, { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) collect(path, files);
    else if (path.endsWith('.ts')) files.push({ path, text: readFileSync(`${root}${path}`, 'utf8') });
  }
}
