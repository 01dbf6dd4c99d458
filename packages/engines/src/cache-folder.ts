// The only file of this package that reads the environment.
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where downloaded engines stay: `$PARLEY_ENGINES_CACHE`, else `parley-engines` in the user's cache folder. */
export const defaultCacheFolder = (): string =>
  process.env['PARLEY_ENGINES_CACHE'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'parley-engines');

/** The Java command: of `$JAVA_HOME` where that is set, else the one on the path. */
export const defaultJavaCommand = (): string => {
  const home = process.env['JAVA_HOME'];
  return home ? join(home, 'bin', 'java') : 'java';
};
