export { type FakeRoom, FakeRooms } from './fake/fake-rooms.js';
export { FakeServer, type Link, type Mischief, noMischief } from './fake/fake-server.js';
export { FakeSocket, type FakeSocketOptions, type ServerEnd } from './fake/fake-socket.js';
export { ManualClock, settle } from './fake/manual-clock.js';
