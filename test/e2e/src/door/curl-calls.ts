import type { FencedBlock } from '../readme/marked-blocks.js';

/** A call of the back-end API as a page shows it. */
export interface CurlCall {
  readonly path: string;
  readonly body: string;
}

/** Whatever a reader would paste must look like this. */
const curl = /^curl -H "Authorization: Bearer \$KEY" \$ADMIN(\/v1\/\w+\/\w+) (?:\\\n +)?-d '([^']*)'$/;

/** The calls of a block of shell; a command goes on in the lines that are indented. Throws for a call of another form. */
export function curlCalls({ text, line }: FencedBlock): readonly CurlCall[] {
  const commands = text.split(/\n(?! )/).filter((command) => command.startsWith('curl'));
  return commands.map((command) => {
    const [, path, body] = curl.exec(command) ?? [];
    if (path === undefined || body === undefined) throw new Error(`line ${line}: cannot read ${command}`);
    return { path, body };
  });
}
