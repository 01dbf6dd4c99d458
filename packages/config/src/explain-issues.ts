import type { z } from 'zod';
import type { RawTree } from './raw-config.js';
import type { Setting } from './setting.js';

type Path = readonly PropertyKey[];

/** What is wrong, in words: the setting, its variable, what was expected and what was found. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], tree: RawTree, settings: readonly Setting[]): readonly string[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownKey([...issue.path, key], settings))
      : [explain(issue.path, tree, settings)],
  );
  return [...new Set(problems)];
}

/** "edge.port (PARLEY_EDGE_PORT)", or the path alone for what is inside a list. */
function nameOf(path: string, settings: readonly Setting[]): string {
  const setting = settings.find((candidate) => candidate.path === path);
  return setting === undefined ? path : `${path} (${setting.env})`;
}

function explain(path: Path, tree: RawTree, settings: readonly Setting[]): string {
  const at = closestSetting(path, settings);
  const name = nameOf(textOf(path), settings);
  if (at === undefined) return `${name}: expected settings as "name: value"`;
  const value = valueAt(path, tree);
  if (value === undefined) return `${name}: missing; expected ${at.notes.expects}`;
  return `${name}: expected ${at.notes.expects}; got ${at.notes.isSecret === true ? hidden(value) : JSON.stringify(value)}`;
}

function unknownKey(path: Path, settings: readonly Setting[]): string {
  const parent = patternOf(path.slice(0, -1));
  const siblings = new Set(
    settings
      .filter((setting) => parent === '' || setting.path.startsWith(`${parent}.`))
      .map((setting) => setting.path.slice(parent === '' ? 0 : parent.length + 1).split(/[.[]/)[0]),
  );
  return `${textOf(path)}: no such setting; there are ${[...siblings].join(', ')}`;
}

/** The setting at the path, or the list that it is an element of. */
function closestSetting(path: Path, settings: readonly Setting[]): Setting | undefined {
  const pattern = patternOf(path);
  return settings.find((setting) => setting.path === pattern) ?? settings.find((setting) => `${setting.path}[]` === pattern);
}

const patternOf = (path: Path): string => textOf(path).replace(/\[\d+\]/g, '[]');

const textOf = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`)).join('');

function valueAt(path: Path, tree: RawTree): unknown {
  let value: unknown = tree;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[key];
  }
  return value;
}

const hidden = (value: unknown): string => (typeof value === 'string' ? `${value.length} characters` : `a ${typeof value}`);
