import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './output.js';

/** What the standalone server writes at its first start, so that it can be tried out without any set-up. */
export interface DemoFile {
  /** Where clients connect. */
  readonly url: string;
  readonly adminUrl: string;
  readonly adminKey: string;
  readonly app: string;
  readonly secret: string;
  readonly kid: string;
}

/** Reads `<dataDir>/demo.json`; undefined when there is none. Throws UsageError when it is not readable as one. */
export function readDemoFile(dataDir: string): DemoFile | undefined {
  const path = join(dataDir, 'demo.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
  const found = parse(text, path);
  const field = (name: keyof DemoFile): string => {
    const value = found[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    url: field('url'),
    adminUrl: field('adminUrl'),
    adminKey: field('adminKey'),
    app: field('app'),
    secret: field('secret'),
    kid: field('kid'),
  };
}

function parse(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new UsageError(`${path} is no JSON object; remove it and start the server again`);
}
