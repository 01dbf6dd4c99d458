import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where programs of servers lie that are not in everybody's PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin'];

/** Path of a program; undefined when it is not installed. */
export function findProgram(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  return [...path.split(delimiter), ...systemFolders].map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
