import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

/**
 * Keeps a list of what must not outlive this process: a shell that reads from a pipe of ours and so notices
 * our end even by a kill -9.
 */
const script = `
  processes=" "
  while read -r word value; do
    case $word in
      started) processes="$processes$value " ;;
      ended) processes="\${processes%% $value *} \${processes#* $value }" ;;
      folder) set -- "$@" "$value" ;;
    esac
  done
  kill -9 $processes; rm -rf "$@"`;

let reaper: ChildProcessByStdio<Writable, null, null> | undefined;

/**
 * `started` and `ended` name a process by its id, or a process group by the negative id of its leader; `folder` a folder
 * to be removed at the end.
 */
export function tellReaper(word: 'started' | 'ended' | 'folder', value: string | number): void {
  if (!reaper) {
    reaper = spawn('sh', ['-c', script, 'reaper'], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    reaper.unref();
    if ('unref' in reaper.stdin && typeof reaper.stdin.unref === 'function') reaper.stdin.unref();
  }
  reaper.stdin.write(`${word} ${value}\n`);
}

/** A new empty folder that goes with this process at the latest. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `parley-${name}-`));
  tellReaper('folder', folder);
  return folder;
}
