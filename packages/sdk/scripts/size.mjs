// Prints the size of the bundles and fails above the budgets: the codec is included, a page pays for it once.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Bytes after gzip -9 that each bundle may have. */
export const sizeBudgetBytes = { 'parley.core.js': 25 * 1024, 'parley.js': 60 * 1024, 'parley.global.js': 60 * 1024 };

/** Sizes in bytes of each bundle. */
export function bundleSizes() {
  return Object.entries(sizeBudgetBytes).map(([name, budget]) => {
    const bytes = readFileSync(new URL(`../dist/${name}`, import.meta.url));
    return { name, budget, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
  });
}

/** Prints a line per bundle; false when one is over its budget. */
export function checkSize(print = console.log) {
  const sizes = bundleSizes();
  for (const { name, budget, minified, gzip } of sizes) print(`${name}: ${gzip} bytes gzip (${minified} minified), budget ${budget}`);
  return sizes.every(({ gzip, budget }) => gzip <= budget);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && !checkSize()) process.exitCode = 1;
