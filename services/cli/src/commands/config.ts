import { ConfigError, describeConfig, loadConfig } from '@parley/config';
import { type Output, UsageError } from '../output.js';

/** Prints every setting with its value, where it can be set, its default and its meaning. Throws UsageError. */
export function printConfig(request: { readonly asJson: boolean }, output: Output): void {
  const loaded = load();
  const settings = describeConfig(loaded.config);
  if (request.asJson) {
    output.line(JSON.stringify(settings, null, 2));
    return;
  }
  output.note(loaded.file === '' ? 'no configuration file: defaults and variables only' : `from ${loaded.file}, below variables`);
  for (const { path, env, value, default: usual, meaning } of settings) {
    output.line(`${path} = ${value === '' ? '(not set)' : value}`);
    output.line(`    ${meaning}${usual === '' ? '' : ` Default: ${usual}.`}${env === '' ? '' : ` Variable: ${env}`}`);
  }
  for (const name of loaded.unknownVariables) output.note(`${name} sets nothing: misspelt?`);
}

function load(): ReturnType<typeof loadConfig> {
  try {
    return loadConfig();
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.message);
    throw error;
  }
}
