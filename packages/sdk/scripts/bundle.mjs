// Bundles the SDK for browsers: dist/parley.core.js (connection, messages, rooms) and dist/parley.js (everything), ES modules
// in ES2022, and dist/parley.global.js (everything as a script, global `Parley`, ES2017 for Chrome 58, Firefox 56 and Safari 11).
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Private members under short names instead of `#`. Old browsers know no private members, and what stands in for them (a
 * WeakMap each) costs a tenth of the size and more of the time. A class and its base class must not use the same name.
 * And errors without what servers alone answer with: status of HTTP and gRPC.
 */
const smallSources = {
  name: 'small sources',
  setup({ onLoad }) {
    onLoad({ filter: /(?:kernel|wire|fold|sdk)\/(?:src|dist)\/.*\.[jt]s$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { contents: source.replace(privateName, '$1$private_$2').replace(serverStatus, ''), loader: 'ts' };
    });
  },
};

const serverStatus = /http: \d+,\s*grpc: '\w+',/g;
const privateName = /(\.|^\s*(?:(?:readonly|static|async|get|set|override)\s+)*)#([A-Za-z]\w*)/gm;

const shared = {
  bundle: true,
  minify: true,
  platform: 'browser',
  legalComments: 'none',
  sourcemap: true,
  plugins: [smallSources],
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  mangleProps: /^\$private_/,
};

/** How the module is bundled, and the script for old browsers. */
export const moduleOptions = { ...shared, format: 'esm', target: 'es2022' };
export const scriptOptions = { ...shared, format: 'iife', globalName: 'Parley', target: 'es2017', define: { globalThis: 'self' } };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const entryPoints = [at('../dist/index.js')];
  await build({ ...moduleOptions, entryPoints: [at('../dist/core.js')], outfile: at('../dist/parley.core.js') });
  await build({ ...moduleOptions, entryPoints, outfile: at('../dist/parley.js') });
  await build({ ...scriptOptions, entryPoints, outfile: at('../dist/parley.global.js') });
}
