export { FakeServer, type Link, type Mischief, noMischief } from './fake-server.js';
export { FakeSocket, type FakeSocketOptions, type ServerEnd } from './fake-socket.js';
export { ManualClock, settle } from './manual-clock.js';
