import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.js';
import { type Environment, processEnvironment } from './environment.js';
import { explainIssues } from './explain-issues.js';
import { overlayEnvironment, type RawTree, readYaml } from './raw-config.js';
import { type Config, configSchema } from './schema.js';
import { readSecretFiles } from './secret-files.js';
import { settingsOf } from './setting.js';
import { settleConfig } from './settle-config.js';

export interface ConfigSources {
  /** The process's own variables by default. */
  readonly environment?: Environment;
  /** Text of a file; throws when there is none. The disk by default. */
  readonly readFile?: (path: string) => string;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The file that was read; empty when there was none. */
  readonly file: string;
  /** Variables that begin with PARLEY_ and set nothing: probably misspelt. */
  readonly unknownVariables: readonly string[];
}

const defaultFile = './parley.yaml';
const fromDisk = (path: string): string => readFileSync(path, 'utf8');

/**
 * Reads the configuration: defaults, below the file (PARLEY_CONFIG, else ./parley.yaml when it is there),
 * below the variables. Throws ConfigError with everything that is wrong.
 */
export function loadConfig({ environment = processEnvironment, readFile = fromDisk }: ConfigSources = {}): LoadedConfig {
  const problems: string[] = [];
  const settings = settingsOf(configSchema);
  const { tree, file } = readFileTree(environment['PARLEY_CONFIG'], readFile, problems);
  const unknownVariables = overlayEnvironment(tree, environment, settings);
  readSecretFiles(tree, { settings, readFile, problems });
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) throw new ConfigError([...problems, ...explainIssues(parsed.error.issues, tree, settings)]);
  const config = settleConfig(parsed.data, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { config, file, unknownVariables };
}

function readFileTree(
  named: string | undefined,
  readFile: (path: string) => string,
  problems: string[],
): { readonly tree: RawTree; readonly file: string } {
  const file = named ?? defaultFile;
  let text: string;
  try {
    text = readFile(file);
  } catch (error) {
    if (named !== undefined)
      problems.push(`PARLEY_CONFIG: cannot read ${named} (${error instanceof Error ? error.message : String(error)})`);
    return { tree: {}, file: '' };
  }
  return { tree: readYaml(text, file, problems), file };
}
