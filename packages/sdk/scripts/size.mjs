// Prints the size of the bundles and fails above the budget: the codec is included, a page pays for it once.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Bytes after gzip -9 that a bundle may have. */
export const sizeBudgetBytes = 25 * 1024;

/** Sizes in bytes of each bundle. */
export function bundleSizes() {
  return ['parley.js', 'parley.global.js'].map((name) => {
    const bytes = readFileSync(new URL(`../dist/${name}`, import.meta.url));
    return { name, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  });
}

/** Prints a line per bundle; false when one is over the budget. */
export function checkSize(print = console.log) {
  const sizes = bundleSizes();
  for (const { name, minified, gzip } of sizes) print(`${name}: ${gzip} bytes gzip (${minified} minified), budget ${sizeBudgetBytes}`);
  return sizes.every(({ gzip }) => gzip <= sizeBudgetBytes);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !checkSize()) process.exitCode = 1;
