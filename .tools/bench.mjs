// npm run bench -- <workload> …: see test/bench/README.md.
import { become, build, installIfNeeded } from './ensure.mjs';

installIfNeeded();
build();
become('test/bench/dist/main.js', process.argv.slice(2));
