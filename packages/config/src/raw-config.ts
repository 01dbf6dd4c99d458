import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import type { Environment } from './environment.js';
import { innermost, type Setting } from './setting.js';

/** A tree as it came from the file and the environment. */
export type RawTree = { [key: string]: unknown };

export const isTree = (value: unknown): value is RawTree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The file's tree; problems are added to the list. */
export function readYaml(text: string, name: string, problems: string[]): RawTree {
  try {
    const tree: unknown = parseYaml(text) ?? {};
    if (isTree(tree)) return withoutNulls(tree);
    problems.push(`${name}: expected settings as "name: value"`);
  } catch (error) {
    problems.push(`${name}: ${error instanceof YAMLParseError ? error.message : String(error)}`);
  }
  return {};
}

/** A name with nothing behind it sets nothing. */
function withoutNulls(tree: RawTree): RawTree {
  const kept = Object.entries(tree).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept.map(([key, value]) => [key, isTree(value) ? withoutNulls(value) : value]));
}

/**
 * Lays the variables over the tree. A variable replaces a whole list. Returns the names of variables that
 * look like ours and are none.
 */
export function overlayEnvironment(tree: RawTree, environment: Environment, settings: readonly Setting[]): readonly string[] {
  const known = new Set(['PARLEY_CONFIG']);
  for (const setting of settings) {
    if (setting.path.includes('[]')) continue;
    known.add(setting.env);
    overlayOne(tree, setting.path, parsedAs(setting, environment[setting.env]));
    if (setting.notes.isSecret !== true && setting.notes.mayBeFile !== true) continue;
    known.add(`${setting.env}_FILE`);
    overlayOne(tree, `${setting.path}File`, environment[`${setting.env}_FILE`]);
  }
  return Object.keys(environment).filter((name) => name.startsWith('PARLEY_') && !known.has(name));
}

function overlayOne(tree: RawTree, path: string, value: unknown): void {
  if (value === undefined || value === '') return;
  const keys = path.split('.');
  const last = keys.pop() as string;
  let at = tree;
  for (const key of keys) {
    const next = at[key] ?? {};
    if (!isTree(next)) return; // the file's own mistake is reported by the schema
    at[key] = next;
    at = next;
  }
  // The variable stands for the setting however the file gives it.
  delete at[`${last}File`];
  if (last.endsWith('File')) delete at[last.slice(0, -'File'.length)];
  at[last] = value;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A variable's text as its setting's type; what does not fit stays text, which the schema then refuses. */
function parsedAs(setting: Setting, text: string | undefined): unknown {
  if (text === undefined || text === '') return undefined;
  const schema = innermost(setting.schema);
  if (schema instanceof z.ZodNumber) return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) return booleans.get(text.toLowerCase()) ?? text;
  if (!(schema instanceof z.ZodArray)) return text;
  if (!(innermost(schema.element as z.ZodType) instanceof z.ZodObject)) return text.split(',').map((item) => item.trim());
  try {
    return parseYaml(text);
  } catch {
    return text;
  }
}
