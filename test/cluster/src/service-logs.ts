import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Appends what each process prints to a file of its own, `<folder>/<name>.log`. */
export class ServiceLogs {
  readonly folder: string;
  readonly #files = new Map<string, WriteStream>();

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  add(name: string, text: string): void {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = createWriteStream(join(this.folder, `${name}.log`), { flags: 'a' });
      this.#files.set(name, file);
    }
    file.write(text);
  }
}
