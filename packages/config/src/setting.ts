import { z } from 'zod';

/** What is known about one setting besides its type. */
export interface SettingNotes {
  /** One sentence for `parley config`. */
  readonly meaning: string;
  /** Completes "expected …" when the value is wrong. */
  readonly expects: string;
  /** Shown where the default depends on other settings. */
  readonly defaultText?: string;
  /** Never printed; may be given as a file: `<setting>File` or `<VARIABLE>_FILE`. */
  readonly isSecret?: boolean;
  /** May be given as a file although it is no secret. */
  readonly mayBeFile?: boolean;
}

const notes = z.registry<SettingNotes>();

/** Attaches the notes to a schema; everything that has notes is a setting. */
export function setting<S extends z.ZodType>(schema: S, about: SettingNotes): S {
  notes.add(schema, about);
  return schema;
}

/** A setting of the schema. */
export interface Setting {
  /** `edge.port`; `[]` stands for any element of a list. */
  readonly path: string;
  /** The variable that sets it, or the list that it is in. */
  readonly env: string;
  readonly schema: z.ZodType;
  readonly notes: SettingNotes;
}

/** All settings below a schema, in its order. Those within the elements of a list follow the list. */
export function settingsOf(schema: z.ZodType, path = '', listEnv?: string): readonly Setting[] {
  const about = notes.get(schema);
  const env = listEnv ?? envNameOf(path);
  const own: Setting[] = about === undefined ? [] : [{ path, env, schema, notes: about }];
  const inner = innermost(schema);
  if (inner instanceof z.ZodArray) return [...own, ...settingsOf(inner.element as z.ZodType, `${path}[]`, env)];
  if (!(inner instanceof z.ZodObject)) return own;
  const children = Object.entries(inner.shape as Readonly<Record<string, z.ZodType>>).flatMap(([key, child]) =>
    settingsOf(child, path === '' ? key : `${path}.${key}`, listEnv),
  );
  return [...own, ...children];
}

/** The schema without what makes it optional or gives it a default. */
export function innermost(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** `edge.allowedOrigins` is set by `PARLEY_EDGE_ALLOWED_ORIGINS`. */
const envNameOf = (path: string): string =>
  `PARLEY_${path
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replaceAll('.', '_')
    .toUpperCase()}`;
