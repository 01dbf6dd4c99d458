// npm run parley -- <command>: the command line tool.
import { become, build, installIfNeeded } from './ensure.mjs';

installIfNeeded();
build();
become('services/cli/dist/main.js', process.argv.slice(2));
