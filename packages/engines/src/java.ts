import { spawnSync } from 'node:child_process';
import { defaultJavaCommand } from './cache-folder.js';

/** A Java that was found on this machine. */
export interface Java {
  readonly command: string;
  readonly version: string;
  /** 17 for 17.0.15. */
  readonly major: number;
}

let found: Java | undefined;

/** The Java of this machine, looked for once; undefined when there is none. */
export function findJava(): Java | undefined {
  if (found) return found;
  const command = defaultJavaCommand();
  const { stderr } = spawnSync(command, ['-version'], { encoding: 'utf8' });
  const version = /version "([^"]+)"/.exec(stderr ?? '')?.[1];
  if (version === undefined) return undefined;
  found = { command, version, major: Number.parseInt(version, 10) };
  return found;
}

/** The Java of this machine; throws with advice when there is none. */
export function requireJava(): Java {
  const java = findJava();
  if (!java) throw new Error(`Java not found ("${defaultJavaCommand()}"): install Java 17 or set JAVA_HOME`);
  return java;
}
