// npm start: the whole server in one process, with its data in ./data.
import { become, build, installIfNeeded } from './ensure.mjs';

installIfNeeded();
build();
become('services/standalone/dist/main.js', process.argv.slice(2));
