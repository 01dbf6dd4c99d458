export type { FakeConversation, FakeView } from './fake/fake-conversations.js';
export { type FakeGroup, FakeGroups } from './fake/fake-groups.js';
export { FakePeople } from './fake/fake-people.js';
export { type FakeRoom, FakeRooms } from './fake/fake-rooms.js';
export { FakeServer, type Link, type Mischief, noMischief } from './fake/fake-server.js';
export { FakeSocket, type FakeSocketOptions, type ServerEnd } from './fake/fake-socket.js';
export { ManualClock, settle } from './fake/manual-clock.js';
