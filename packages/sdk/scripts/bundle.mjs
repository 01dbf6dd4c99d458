// Bundles the SDK for browsers: dist/parley.js (ES module, ES2022) and dist/parley.global.js (script, global
// `Parley`, ES2017 for Chrome 58, Firefox 56 and Safari 11).
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const shared = {
  entryPoints: [at('../dist/index.js')],
  bundle: true,
  minify: true,
  platform: 'browser',
  legalComments: 'none',
  sourcemap: true,
};

await build({ ...shared, format: 'esm', target: 'es2022', outfile: at('../dist/parley.js') });
await build({
  ...shared,
  format: 'iife',
  globalName: 'Parley',
  target: 'es2017',
  define: { globalThis: 'self' },
  outfile: at('../dist/parley.global.js'),
});
