import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** A bundle as scripts/bundle.mjs makes it, but from the sources. */
export function bundle(entry: string, options: 'moduleOptions' | 'scriptOptions', globalName?: string): string {
  const make = `
    import { build } from 'esbuild';
    import { ${options} } from ${JSON.stringify(at('../scripts/bundle.mjs'))};
    const alias = { '@parley/kernel': ${JSON.stringify(at('../../kernel/src/index.ts'))}, '@parley/wire': ${JSON.stringify(at('../../wire/src/index.ts'))}, '@parley/fold': ${JSON.stringify(at('../../fold/src/index.ts'))} };
    const entryPoints = [${JSON.stringify(at(entry))}];
    const { outputFiles } = await build({ ...${options}, entryPoints, alias, sourcemap: false, write: false${globalName === undefined ? '' : `, globalName: '${globalName}'`} });
    process.stdout.write(outputFiles[0].text);`;
  const args = ['--input-type=module', '--eval', make];
  return execFileSync(process.execPath, args, { encoding: 'utf8', cwd: at('..'), maxBuffer: 1 << 24 });
}
