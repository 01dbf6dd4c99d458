import { isTree, type RawTree } from './raw-config.js';
import type { Setting } from './setting.js';

export interface SecretFileOptions {
  readonly settings: readonly Setting[];
  readonly readFile: (path: string) => string;
  readonly problems: string[];
}

/** Replaces every `<setting>File` by the content of the file, without the line end behind it. */
export function readSecretFiles(tree: RawTree, options: SecretFileOptions, path = ''): void {
  for (const [key, value] of Object.entries(tree)) {
    const childPath = path === '' ? key : `${path}.${key}`;
    if (isTree(value)) readSecretFiles(value, options, childPath);
    else if (Array.isArray(value)) for (const item of value) if (isTree(item)) readSecretFiles(item, options, `${childPath}[]`);
    if (typeof value !== 'string' || !mayBeFile(childPath, options.settings)) continue;
    const name = key.slice(0, -'File'.length);
    delete tree[key];
    if (tree[name] !== undefined) {
      options.problems.push(`${childPath}: give either ${name} or ${key}, not both`);
      continue;
    }
    try {
      tree[name] = options.readFile(value).replace(/\r?\n$/, '');
    } catch (error) {
      options.problems.push(`${childPath}: cannot read ${value} (${error instanceof Error ? error.message : String(error)})`);
    }
  }
}

const mayBeFile = (path: string, settings: readonly Setting[]): boolean =>
  settings.some(({ path: own, notes }) => `${own}File` === path && (notes.isSecret === true || notes.mayBeFile === true));
