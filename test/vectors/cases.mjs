// What the vectors are about. JSON is proto-JSON (protobuf.dev, "ProtoJSON Format").

const client = 'parley.edge.v1.ClientFrames';
const server = 'parley.edge.v1.ServerFrames';
const event = 'parley.event.v1.ConversationEvent';
const content = 'parley.event.v1.Content';

const oneClient = (name, frame) => ({ name, type: client, json: { frames: [frame] } });
const oneServer = (name, frame) => ({ name, type: server, json: { frames: [frame] } });
const base64 = (bytes) => Buffer.from(bytes).toString('base64');

const textMessage = {
  conversation: 'u:alice|bob',
  seq: '7',
  messageId: '01hf8z6m0k0000000000000007',
  sender: 'alice',
  timeMs: '1700000000123',
  priority: 'PRIORITY_MEDIUM',
  clientMsgId: 'c-1',
  content: { text: { text: 'hello' } },
};

const wholeRoom = {
  room: 'live',
  name: 'Live',
  memberCount: 2500,
  version: '9001',
  headSeq: '12',
  stateVersion: '7',
  attributes: [
    { key: 'topic', value: 'music' },
    { key: 'seat.1', value: 'bob', owner: 'bob', isDeletedOnLeave: true },
  ],
  counters: [{ name: 'likes', value: '9007199254740991' }],
  tallyVersion: '9030',
  owner: 'alice',
  moderators: ['carol'],
  mutes: [{ role: 'ROOM_ROLE_MEMBER', untilMs: '1700000060000' }, { user: 'bob' }],
  options: { emptyTtlMs: 600000, keepsAttributes: true, historyAccess: 'HISTORY_ACCESS_RECENT', isUnlisted: true },
  createdMs: '1700000000000',
  firstSeq: '3',
};

/** An event of a room that is not stored. */
const notice = (name, body) => ({ name, type: event, json: { conversation: 'r:live', timeMs: '1700000000123', ...body } });

const clientFrames = [
  oneClient('login', { id: 1, login: { token: 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln', device: 'browser-1', client: 'parley-js/0.1.0' } }),
  oneClient('login that takes a session up again', { id: 1, login: { token: 't', device: 'd', resumeKey: 'k3y' } }),
  oneClient('login with a trace', { id: 1, trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', login: { token: 't' } }),
  oneClient('ping', { id: 2, ping: {} }),
  oneClient('ping without an answer', { ping: {} }),
  oneClient('largest request id', { id: 4294967295, ping: {} }),
  oneClient('renew the token', { id: 3, renewToken: { token: 'next' } }),
  oneClient('logout', { id: 4, logout: {} }),
  oneClient('send a text', {
    id: 5,
    send: { conversation: 'u:alice|bob', clientMsgId: 'c-1', priority: 'PRIORITY_MEDIUM', content: { text: { text: 'hello' } } },
  }),
  oneClient('send again', {
    id: 6,
    send: { conversation: 'g:team', clientMsgId: 'c-2', priority: 'PRIORITY_HIGH', content: { text: { text: 'urgent' } }, isRetry: true },
  }),
  oneClient('send with the default priority', { id: 7, send: { conversation: 'r:live', clientMsgId: 'c-3', content: { bullet: { text: '+1' } } } }),
  oneClient('sync from the beginning', { id: 8, sync: {} }),
  oneClient('sync, next page', { id: 9, sync: { cursor: 'c0ffee', page: '2' } }),
  oneClient('newest history', { id: 10, queryHistory: { conversation: 'g:team', backwards: true, limit: 50 } }),
  oneClient('fill a gap', { id: 11, queryHistory: { conversation: 'g:team', fromSeq: '41', limit: 100, atLeastSeq: '57' } }),
  oneClient('create a group', { id: 12, createGroup: { group: 'team', name: 'The team', members: ['bob', 'carol'] } }),
  oneClient('join, leave, dismiss a group', { id: 13, joinGroup: { group: 'team' } }),
  oneClient('leave a group', { id: 14, leaveGroup: { group: 'team' } }),
  oneClient('dismiss a group', { id: 15, dismissGroup: { group: 'team' } }),
  oneClient('invite to a group', { id: 16, inviteToGroup: { group: 'team', users: ['dave'] } }),
  oneClient('list group members', { id: 17, listGroupMembers: { group: 'team', page: 'p', limit: 20 } }),
  oneClient('create a room', { id: 18, createRoom: { room: 'live', name: 'Live' } }),
  oneClient('enter a room that must exist', { id: 19, enterRoom: { room: 'live', mustExist: true } }),
  oneClient('leave a room', { id: 20, leaveRoom: { room: 'live' } }),
  oneClient('destroy a room', { id: 21, destroyRoom: { room: 'live' } }),
  oneClient('list room members', { id: 22, listRoomMembers: { room: 'live', limit: 100 } }),
  oneClient('list some room members', { id: 23, listRoomMembers: { room: 'live', users: ['bob', 'carol'] } }),
  oneClient('create a room with everything', {
    id: 24,
    createRoom: {
      room: 'live',
      name: 'Live',
      options: { emptyTtlMs: 600000, keepsAttributes: true, historyAccess: 'HISTORY_ACCESS_RECENT', isUnlisted: true },
      attributes: [{ key: 'topic', value: 'music' }],
      memberLimit: 20000,
    },
  }),
  oneClient('enter a room, or make it', { id: 25, enterRoom: { room: 'live', name: 'Live', options: { historyAccess: 'HISTORY_ACCESS_FROM_JOIN' } } }),
  oneClient('leave all rooms', { id: 26, leaveAllRooms: {} }),
  oneClient('switch rooms', { id: 27, switchRoom: { from: 'live', to: { room: 'next', mustExist: true } } }),
  oneClient('get a room', { id: 28, getRoom: { room: 'live' } }),
  oneClient('list rooms', { id: 29, listRooms: { namePrefix: 'L', attributeKey: 'topic', attributeValue: 'music', page: 'p', limit: 20 } }),
  oneClient('kick from a room', { id: 30, kickFromRoom: { room: 'live', users: ['bob', 'carol'] } }),
  oneClient('ban from a room', { id: 31, banFromRoom: { room: 'live', user: 'bob', durationMs: '31536000000' } }),
  oneClient('lift a ban', { id: 32, banFromRoom: { room: 'live', user: 'bob' } }),
  oneClient('mute a user', { id: 33, muteInRoom: { room: 'live', user: 'bob', durationMs: '60000' } }),
  oneClient('mute a role', { id: 34, muteInRoom: { room: 'live', role: 'ROOM_ROLE_MEMBER', durationMs: '60000' } }),
  oneClient('mute everyone', { id: 35, muteInRoom: { room: 'live', isEveryone: true, durationMs: '60000' } }),
  oneClient('set a role', { id: 36, setRoomRole: { room: 'live', user: 'bob', role: 'ROOM_ROLE_MODERATOR' } }),
  oneClient('rename a room', { id: 37, renameRoom: { room: 'live', name: 'Night' } }),
  oneClient('change attributes of a room', {
    id: 38,
    changeRoomAttributes: {
      room: 'live',
      set: [
        { key: 'seat.1', value: 'bob' },
        { key: 'empty', value: '' },
      ],
      deleted: ['seat.2'],
      force: true,
      updateOwner: true,
      deleteOnLeave: true,
      ifVersion: '7',
    },
  }),
  oneClient('change the own attributes', { id: 39, changeMemberAttributes: { room: 'live', set: [{ key: 'mood', value: 'glad' }], deleted: ['old'] } }),
  oneClient('change the attributes of a member', { id: 40, changeMemberAttributes: { room: 'live', user: 'bob', deleted: ['mood'] } }),
  oneClient('add to a counter', { id: 41, incrementCounter: { room: 'live', counter: 'likes', nonce: 'n-1', total: '42' } }),
  { name: 'no frames', type: client, json: {} },
  {
    name: 'three frames in one message',
    type: client,
    json: {
      frames: [
        { id: 1, ping: {} },
        { id: 2, send: { conversation: 'u:alice|bob', clientMsgId: 'a', content: { text: { text: '1' } } } },
        { id: 3, sync: { cursor: 'x' } },
      ],
    },
  },
];

const serverFrames = [
  oneServer('refusal', { id: 5, error: { code: 2001, name: 'RATE_LIMITED', message: 'Too many requests', retryAfterMs: 1500 } }),
  oneServer('logged in', {
    id: 1,
    loggedIn: {
      app: 'demo',
      user: 'alice',
      session: 's-1',
      resumeKey: 'k3y',
      heartbeatMs: 10000,
      serverTimeMs: '1700000000000',
      tokenExpiresMs: '1700003600000',
    },
  }),
  oneServer('resumed with nothing missed', { id: 1, loggedIn: { user: 'alice', isResumed: true, isComplete: true, heartbeatMs: 10000 } }),
  oneServer('pong', { id: 2, pong: { serverTimeMs: '1700000000001' } }),
  oneServer('message stored', { id: 5, stored: { seq: '7', messageId: '01hf8z6m0k0000000000000007', timeMs: '1700000000123' } }),
  oneServer('transient message accepted', { id: 5, stored: { messageId: 'm', timeMs: '1700000000123' } }),
  oneServer('done', { id: 4, done: {} }),
  oneServer('sync result', {
    id: 8,
    syncResult: {
      conversations: [
        { conversation: 'u:alice|bob', headSeq: '7', firstSeq: '1', updatedMs: '1700000000123', isMember: true },
        { conversation: 'g:left', headSeq: '40', firstSeq: '12', updatedMs: '1690000000000' },
      ],
      cursor: 'c0ffee',
      epoch: 'e1',
    },
  }),
  oneServer('sync result with more pages', { id: 8, syncResult: { epoch: 'e1', nextPage: '2' } }),
  oneServer('history page', {
    id: 10,
    historyPage: { events: [textMessage, { conversation: 'u:alice|bob', seq: '8' }], headSeq: '9', firstSeq: '1', epoch: 'e1', hasMore: true },
  }),
  oneServer('group', { id: 12, group: { group: 'team', name: 'The team', owner: 'alice', memberCount: 3, version: '4' } }),
  oneServer('members', { id: 17, members: { users: ['alice', 'bob'], nextPage: 'p2', memberCount: 3 } }),
  oneServer('room', { id: 19, room: { room: 'live', name: 'Live', memberCount: 2500, version: '9001', headSeq: '12' } }),
  oneServer('room with everything', { id: 24, room: wholeRoom }),
  oneServer('page of rooms', { id: 29, rooms: { rooms: [wholeRoom, { room: 'next', stateVersion: '1' }], nextPage: 'p2' } }),
  oneServer('members of a room', {
    id: 23,
    members: {
      users: ['alice', 'bob'],
      memberCount: 2500,
      members: [
        { user: 'alice', role: 'ROOM_ROLE_OWNER', attributesVersion: '2', attributes: [{ key: 'mood', value: 'glad' }] },
        { user: 'bob', role: 'ROOM_ROLE_MEMBER' },
      ],
    },
  }),
  oneServer('names of rooms', { id: 26, roomNames: { rooms: ['live', 'next'] } }),
  oneServer('new value', { id: 38, newValue: { value: '8' } }),
  oneServer('kicked users', { id: 30, kickedUsers: { users: ['bob'] } }),
  oneServer('messages dropped for this connection', { messagesDropped: { counts: [{ priority: 1, count: '7' }] } }),
  oneServer('refusal of a muted user', { id: 5, error: { code: 1040, name: 'MUTED', message: 'The user may not speak', retryAfterMs: 60000 } }),
  oneServer('event', { event: textMessage }),
  oneServer('head moved', { headMoved: { conversation: 'g:team', headSeq: '57' } }),
  oneServer('resync needed', { resyncNeeded: {} }),
  oneServer('advice to reconnect', { reconnect: { afterMs: 3000 } }),
  oneServer('token expiring', { tokenExpiring: { expiresMs: '1700003600000' } }),
  oneServer('kicked out', { kickedOut: { code: 1013, reason: 'another device has logged in' } }),
  { name: 'an answer and two events in one message', type: server, json: { frames: [{ id: 2, pong: {} }, { event: textMessage }, { event: textMessage }] } },
];

const events = [
  { name: 'text message', type: event, json: textMessage },
  { name: 'message of the server', type: event, json: { ...textMessage, sender: '', priority: 'PRIORITY_SYSTEM' } },
  { name: 'largest seq', type: event, json: { conversation: 'g:team', seq: '9007199254740991' } },
  { name: 'seq above 2^32', type: event, json: { conversation: 'g:team', seq: '4294967296' } },
  {
    name: 'members joined and left',
    type: event,
    json: { conversation: 'g:team', seq: '3', membership: { joined: ['bob', 'carol'], left: ['dave'], operator: 'alice', version: '2' } },
  },
  { name: 'group dismissed', type: event, json: { conversation: 'g:team', seq: '9', membership: { operator: 'alice', version: '5', closed: true } } },
  { name: 'transient command', type: event, json: { conversation: 'u:alice|bob', sender: 'bob', content: { command: { payload: base64([0, 255, 127]) } } } },
  notice('members of a room came and went', {
    membership: { joined: ['bob'], left: ['dave'], version: '9002', cause: 'MEMBERSHIP_CAUSE_OFFLINE', memberCount: 2500 },
  }),
  notice('kicked from a room', {
    membership: { left: ['bob'], operator: 'alice', version: '9003', cause: 'MEMBERSHIP_CAUSE_KICKED', memberCount: 2499 },
  }),
  notice('room closed because it was empty', { membership: { version: '9004', closed: true, cause: 'MEMBERSHIP_CAUSE_EMPTY' } }),
  notice('attributes of a room changed', {
    priority: 'PRIORITY_HIGH',
    roomChange: {
      stateVersion: '8',
      operator: 'alice',
      attributes: { set: [{ key: 'seat.1', value: 'bob', owner: 'bob', isDeletedOnLeave: true }], deleted: ['seat.2'] },
    },
  }),
  notice('role in a room changed', { roomChange: { stateVersion: '9', operator: 'alice', role: { user: 'bob', role: 'ROOM_ROLE_MODERATOR' } } }),
  notice('role in a room is muted', {
    roomChange: { stateVersion: '10', operator: 'alice', mute: { role: 'ROOM_ROLE_MEMBER', untilMs: '1700000060000' } },
  }),
  notice('mute of a user is lifted', { roomChange: { stateVersion: '11', operator: 'alice', mute: { user: 'bob' } } }),
  notice('room renamed', { roomChange: { stateVersion: '12', operator: 'alice', renamed: { name: 'Night' } } }),
  notice('room change of a later version', { roomChange: { stateVersion: '13' } }),
  notice('tally of a room', {
    roomTally: {
      version: '9031',
      memberCount: 9000,
      counters: [
        { name: 'likes', value: '120000' },
        { name: 'gifts', value: '4' },
      ],
    },
  }),
  notice('attributes of a member changed', {
    memberAttributes: { user: 'bob', version: '3', set: [{ key: 'mood', value: 'glad' }], deleted: ['old'], operator: 'carol' },
  }),
  notice('messages dropped for the room', { messagesDropped: { counts: [{ priority: 1, count: '70' }, { priority: 2, count: '1' }] } }),
  { name: 'body of a later version', type: event, json: { conversation: 'g:team', seq: '4' } },
];

const contents = [
  ['text', { text: { text: 'hello' } }],
  ['empty text', { text: {} }],
  ['text of every UTF-8 length', { text: { text: 'a\u00e9\u20ac\u{1f600}\u0000' } }],
  ['text with an extension', { text: { text: 'hi' }, extension: '{"replyTo":"m1"}' }],
  ['text longer than one length byte', { text: { text: 'x'.repeat(200) } }],
  ['image', { image: { url: 'https://x/i.png', thumbnailUrl: 'https://x/t.png', width: 640, height: 480, sizeBytes: '123456', mimeType: 'image/png' } }],
  ['file', { file: { url: 'https://x/f.pdf', name: 'f.pdf', sizeBytes: '5000000000', mimeType: 'application/pdf' } }],
  ['audio', { audio: { url: 'https://x/a.ogg', durationMs: 61000, sizeBytes: '99', mimeType: 'audio/ogg' } }],
  ['video', { video: { url: 'https://x/v.mp4', thumbnailUrl: 'https://x/v.jpg', durationMs: 1, width: 2, height: 3, sizeBytes: '4', mimeType: 'video/mp4' } }],
  ['location', { location: { latitude: 52.52, longitude: -13.405, title: 'Here', address: 'There' } }],
  ['location at zero', { location: {} }],
  ['custom', { custom: { subType: 42, payload: base64([1, 2, 3]), summary: 'a card' } }],
  ['command', { command: { payload: base64([0]) } }],
  ['bullet', { bullet: { text: '+1' } }],
  ['nothing', {}],
].map(([name, json]) => ({ name: `content: ${name}`, type: content, json }));

export const valid = [...clientFrames, ...serverFrames, ...events, ...contents];

// Bytes by hand (protobuf.dev, "Encoding"): a tag is the field number times 8 plus the wire type.
const hex = (...parts) => parts.join('');
const byte = (value) => value.toString(16).padStart(2, '0');
const varint = (value) => (value < 128 ? byte(value) : hex(byte((value % 128) | 128), varint(Math.floor(value / 128))));
const varintField = (field, value) => hex(varint(field * 8), varint(value));
const bytesField = (field, content) => hex(varint(field * 8 + 2), varint(content.length / 2), content);
const oneFrame = (...fields) => bytesField(1, hex(...fields));
const id = (value) => varintField(1, value);
const ping = bytesField(11, '');
const logout = bytesField(14, '');
const pinged = { frames: [{ id: 2, ping: {} }] };

export const odd = [
  { name: 'an unknown varint field is skipped', hex: oneFrame(id(2), varintField(100, 300), ping), json: pinged },
  { name: 'an unknown varint field of ten bytes is skipped', hex: oneFrame(id(2), varint(100 * 8), 'ffffffffffffffffff01', ping), json: pinged },
  { name: 'an unknown length-delimited field is skipped', hex: oneFrame(id(2), bytesField(100, 'ff00ff'), ping), json: pinged },
  { name: 'an unknown fixed32 field is skipped', hex: oneFrame(id(2), varint(100 * 8 + 5), '01020304', ping), json: pinged },
  { name: 'an unknown fixed64 field is skipped', hex: oneFrame(id(2), varint(100 * 8 + 1), '0102030405060708', ping), json: pinged },
  { name: 'an unknown field beside the frames is skipped', hex: hex(oneFrame(id(2), ping), bytesField(2, '00')), json: pinged },
  { name: 'a request of a later version has no body', hex: oneFrame(id(9), bytesField(99, '')), json: { frames: [{ id: 9 }] } },
  { name: 'fields in another order', hex: oneFrame(ping, id(2)), json: pinged },
  { name: 'of a field given twice the last counts', hex: oneFrame(id(1), id(2), ping), json: pinged },
  { name: 'of two bodies the last counts', hex: oneFrame(id(2), ping, logout), json: { frames: [{ id: 2, logout: {} }] } },
  { name: 'zero values that are written out', hex: oneFrame(id(0), bytesField(2, ''), ping), json: { frames: [{ ping: {} }] } },
  { name: 'a varint longer than needed', hex: oneFrame('08828000', ping), json: pinged },
  { name: 'a frame without anything', hex: oneFrame(), json: { frames: [{}] } },
].map((vector) => ({ type: client, ...vector }));

const invalid = (name, bytes, type = client) => ({ name, type, hex: bytes, error: 'INVALID_FRAME' });
const token = (bytes) => oneFrame(id(1), bytesField(10, bytesField(1, bytes)));

export const invalidFrames = [
  invalid('a tag without a value', '0a'),
  invalid('a length beyond the end', '0a05085a'),
  invalid('a frame that ends within a field', '0a0108'),
  invalid('a nested message longer than its frame', hex('0a04', id(2), '5a09')),
  invalid('a varint of more than ten bytes', hex('0a0c08', 'ff'.repeat(11))),
  invalid('a varint cut off', '0a020880'),
  invalid('field number 0', '0000'),
  invalid('a group', oneFrame(id(2), varint(100 * 8 + 3), varint(100 * 8 + 4))),
  invalid('wire type 6', oneFrame(id(2), varint(100 * 8 + 6))),
  invalid('wire type 7', oneFrame(id(2), varint(100 * 8 + 7))),
  invalid('a string that is no UTF-8', token('c328')),
  invalid('a long string that is no UTF-8', token(`${'61'.repeat(40)}ff`)),
  invalid('half a surrogate pair', token('eda080')),
  invalid('an overlong UTF-8 sequence', token('c080')),
  invalid('text instead of bytes', Buffer.from('{"frames":[]}').toString('hex')),
  invalid('a seq of 2^53', hex('10', '80808080808080', '10'), event),
  invalid('a double of seven bytes', bytesField(6, hex('09', '00'.repeat(7))), content),
];

const ok = (id, type) => ({ id, type });
const bad = (id, why) => ({ id, why, error: 'INVALID_ARGUMENT' });
export const conversations = [
  ok('u:alice|bob', 'user'),
  ok('u:alice|alice', 'user'),
  ok('u:A|a', 'user'),
  ok('u:user.1|user_2-x', 'user'),
  ok('g:team', 'group'),
  ok(`g:${'x'.repeat(64)}`, 'group'),
  ok('r:live.2024', 'room'),
  bad('u:bob|alice', 'users out of order'),
  bad('u:alice', 'one user'),
  bad('u:a|b|c', 'three users'),
  bad('u:|bob', 'an empty user'),
  bad(`u:a|${'b'.repeat(33)}`, 'a user id of 33 characters'),
  bad(`g:${'x'.repeat(65)}`, 'a group id of 65 characters'),
  bad('g:', 'no group'),
  bad('g:a b', 'a space'),
  bad('r:caf\u00e9', 'a letter that is not allowed'),
  bad('x:team', 'an unknown kind'),
  bad('team', 'no kind'),
  bad('', 'nothing'),
];

/** What a server answers on a connection of its own; the connection is closed where `close` names a code. */
export const exchanges = [
  { name: 'bytes that are no frame', send: ['ffffff'], error: 'INVALID_FRAME', close: 4101 },
  { name: 'a request before the login', send: [{ frames: [{ id: 1, sync: {} }] }], error: 'NOT_LOGGED_IN', close: 4105 },
  { name: 'a token that is none', send: [{ frames: [{ id: 1, login: { token: 'nonsense', device: 'd' } }] }], error: 'UNAUTHENTICATED', close: 4102 },
  { name: 'more than 4 KiB before the login', send: [{ frames: [{ id: 1, login: { token: 'x'.repeat(4096), device: 'd' } }] }], error: 'MESSAGE_TOO_LARGE', close: 4101 },
  { name: 'a second frame does not help', send: [{ frames: [{ id: 1, ping: {} }, { id: 2, login: { token: 'x' } }] }], error: 'NOT_LOGGED_IN', close: 4105 },
  { name: 'a login without a token', send: [{ frames: [{ id: 1, login: { device: 'd' } }] }], error: 'UNAUTHENTICATED', close: 4102 },
];
