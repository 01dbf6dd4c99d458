import { z } from 'zod';
import { type Config, configSchema } from './schema.js';
import { type Setting, settingsOf } from './setting.js';

/** A setting as `parley config` prints it. */
export interface SettingDescription {
  readonly path: string;
  /** The variable that sets it, or the list that it is in. */
  readonly env: string;
  /** Its value; a secret shows only whether it is set. */
  readonly value: string;
  readonly default: string;
  readonly meaning: string;
}

/** Every setting with its value, in the order of the schema; settings of list elements once per element. */
export function describeConfig(config: Config): readonly SettingDescription[] {
  return settingsOf(configSchema).flatMap((setting) => describe(setting, config));
}

function describe(setting: Setting, config: Config): readonly SettingDescription[] {
  return valuesAt(setting.path, config).map(({ path, value }) => ({
    path,
    env: setting.env,
    value: textOf(setting, value),
    default: setting.notes.defaultText ?? textOf(setting, defaultOf(setting.schema)),
    meaning: setting.notes.meaning,
  }));
}

function textOf({ notes }: Setting, value: unknown): string {
  if (value === undefined) return '';
  if (notes.isSecret === true) return '(set)';
  if (!Array.isArray(value)) return String(value);
  return value.some((item) => typeof item === 'object') ? `${value.length} in all` : value.join(',');
}

function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.parse(undefined) : undefined;
}

/** All values that the path leads to; `[]` leads to every element. */
function valuesAt(path: string, config: Config): readonly { readonly path: string; readonly value: unknown }[] {
  let found: { readonly path: string; readonly value: unknown }[] = [{ path: '', value: config }];
  for (const step of path.split('.')) {
    const [key = '', ...lists] = step.split('[]');
    found = found.map((at) => ({ path: at.path === '' ? key : `${at.path}.${key}`, value: propertyOf(at.value, key) }));
    for (const _ of lists) {
      found = found.flatMap((at) =>
        Array.isArray(at.value) ? at.value.map((value: unknown, index) => ({ path: `${at.path}[${index}]`, value })) : [],
      );
    }
  }
  return found;
}

const propertyOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
