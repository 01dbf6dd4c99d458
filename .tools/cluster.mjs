// npm run cluster: a local Kafka, a local Cassandra, and every service as a process of its own.
import { become, build, installIfNeeded } from './ensure.mjs';

installIfNeeded();
build();
become('test/cluster/dist/main.js', process.argv.slice(2));
