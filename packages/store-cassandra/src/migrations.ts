import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** One file of CQL statements, applied once and never changed afterwards. */
export interface Migration {
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

/** The package's own migrations; the same folder from sources and from the build. */
const migrationsFolder = new URL('../migrations/', import.meta.url);

/** Reads the `.cql` files of a folder in the order of their names. */
export async function readMigrations(folder: URL = migrationsFolder): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.cql')).sort();
  return Promise.all(names.map(async (name) => parseMigration(name, await readFile(new URL(name, folder), 'utf8'))));
}

/** Comments and blank lines do not count: neither as statements nor for the checksum. */
export function parseMigration(name: string, text: string): Migration {
  const lines = text.split('\n').map((line) => line.replace(/--.*$/, '').trimEnd());
  const code = lines.filter((line) => line !== '').join('\n');
  const statements = code
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
  return { name, checksum: createHash('sha256').update(code).digest('hex'), statements };
}
