import { readFile } from 'node:fs/promises';
import { ParleyError } from '@parley/kernel';

/** Made by .tools/openapi.mjs; found from the sources as from the build. */
const file = new URL('../../../docs/openapi.json', import.meta.url);

/** The description of the back-end API as OpenAPI 3.1. Throws UNSUPPORTED where the installation comes without it. */
export async function readOpenApi(): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ParleyError('UNSUPPORTED', 'this installation has no docs/openapi.json', { cause: error });
  }
}
