// npm run generate: TypeScript and the descriptor set from proto/, reference pages and the description of the API from the source. What
// it writes is committed; `npm run check` fails when it is out of date.
import { rmSync } from 'node:fs';
import { root, run } from './ensure.mjs';

const buf = `${root}node_modules/.bin/buf`;
const proto = { cwd: `${root}proto` };

for (const name of ['wire', 'contracts']) rmSync(`${root}packages/${name}/src/gen`, { recursive: true, force: true });
run(buf, ['generate'], proto);
run(buf, ['build', '--exclude-source-info', '-o', '../packages/contracts/gen/parley.binpb'], proto);
run(process.execPath, ['.tools/docs.mjs']);
run(process.execPath, ['.tools/openapi.mjs']);
