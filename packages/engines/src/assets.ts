import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Absolute path of a file in this package's `assets` folder, which lies beside both `src` and `dist`. */
export const assetPath = (name: string): string => fileURLToPath(new URL(`../assets/${name}`, import.meta.url));

/** The text of an asset. */
export const readAsset = (name: string): string => readFileSync(assetPath(name), 'utf8');
