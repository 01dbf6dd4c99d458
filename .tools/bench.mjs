// npm run bench -- <workload> …: see test/bench/README.md.
import { become, build, installIfNeeded, serverFlags } from './ensure.mjs';

installIfNeeded();
build();
// The server runs as `npm start` runs it, unless other flags are asked for.
become('test/bench/dist/main.js', [
  ...process.argv.slice(2),
  ...(process.argv.some((argument) => argument.startsWith('--node')) ? [] : [`--node=${serverFlags.join(' ')}`]),
]);
