// Part of npm run generate: the reference pages of docs/ that are made from tables in the source.
import { readFileSync, writeFileSync } from 'node:fs';
import { build, fail, root } from './ensure.mjs';

build();
const built = (path) => import(`${root}${path}`);
const { errorTable, limits } = await built('packages/kernel/dist/index.js');
const { closeCodes } = await built('packages/wire/dist/index.js');
const { gatewayLimits } = await built('services/gateway/dist/limits.js');
const { runtimeLimits } = await built('packages/runtime/dist/limits.js');
const { mediaLimits } = await built('services/media/dist/limits.js');
const { userLimits } = await built('services/user/dist/limits.js');
const { configSchema } = await built('packages/config/dist/schema.js');
const { settingsOf } = await built('packages/config/dist/setting.js');
const { groupPermissions } = await built('packages/domain/dist/index.js');

/** Sentences for limits whose names do not say it all, and which have no comment in the source. */
const sharedLimits = {
  frameBytesMax: 'One WebSocket message; beyond it the connection is closed (1009).',
  loginFrameBytesMax: 'One WebSocket message before the login; beyond it the connection is closed with `INVALID_FRAME`.',
  loginWithinMs: 'Time from the handshake to the login; then `LOGIN_TIMEOUT`.',
  clientMsgIdBytesMax: 'Id that a client gives a message, in UTF-8 and without a zero byte.',
  textBytesMax: 'Text, or payload of a custom message, unless the app has another limit; beyond it `MESSAGE_TOO_LARGE`.',
  commandBytesMax: 'Payload of a command, text of a bullet; beyond it `MESSAGE_TOO_LARGE`.',
  extensionBytesMax: 'Extension of any content; beyond it `MESSAGE_TOO_LARGE`.',
  contentBytesMax: 'Encoded content of any kind; beyond it `MESSAGE_TOO_LARGE`.',
  heartbeatMs: 'A client sends a frame at least this often.',
  offlineAfterMs: 'A connection that was silent for so long is closed with `HEARTBEAT_TIMEOUT`, and its user counts as offline.',
  resumeWithinMs: 'How long a session is kept for a client that lost its connection.',
  historyPageMax: 'Events in one page of history; more is `INVALID_ARGUMENT`.',
  historyPageDefault: 'Events in one page when none are asked for.',
  combinedItemsMax: 'Messages forwarded together.',
  combinedDepthMax: 'Forwarded messages within forwarded messages, so deep.',
  mentionsMax: 'Users whom a message mentions by name.',
  recallWithinMsMax: 'The most that an app can set recallWithinMs to.',
  editWithinMs: 'How long after sending a message may be edited; an app may set another time.',
  reasonBytesMax: 'Reason of a recall or a report.',
  reactionBytesMax: 'A reaction; at least one byte.',
  pinsMax: 'Pinned messages of a conversation; one more evicts the oldest.',
  destroyAfterMsMin: 'The shortest life that a message may be given.',
  destroyAfterMsMax: 'The longest life that a message may be given.',
  groupAdminsMax: 'Admins of a group.',
  groupAttributesMax: 'Attributes of a group; one more is `ATTRIBUTE_LIMIT_REACHED`.',
  groupAttributeKeyBytesMax: "Key of a group's attribute.",
  groupAttributeValueBytesMax: "Value of a group's attribute.",
  groupNoticeBytesMax: 'Notice of a group.',
  groupMutesMax: 'Members who are muted at a time.',
  slowModeMsMax: 'The longest pause that slow mode can ask for.',
  avatarBytesMax: 'Avatar of a user or a group: URL or media id.',
  userExtensionBytesMax: "Extension of a user's profile.",
  friendsMax: 'Friends of a user; one more is `LIMIT_REACHED`.',
  blockedMax: 'Users whom a user blocks.',
  relationAttributesMax: 'Attributes that a user gives a friend.',
  relationAttributeKeyBytesMax: 'Key of such an attribute.',
  relationAttributeValueBytesMax: 'Value of such an attribute.',
  draftBytesMax: 'Draft of a conversation.',
  marksMax: 'Marks of a conversation.',
  markMax: 'Marks are numbers from 1 to this.',
  pinnedConversationsMax: 'Conversations that a user has pinned.',
  searchTextCharsMax: 'Text that is searched for.',
  imageBytesMax: 'A picture that is uploaded.',
  audioBytesMax: 'A recording that is uploaded.',
  videoBytesMax: 'A film that is uploaded.',
  fileBytesMax: 'Any other file that is uploaded.',
  mediaNameBytesMax: 'Name of a file.',
  recallWithinMs: 'How long after sending a message may be recalled; an app may set another time.',
  groupMembersDefault: 'Members of a group that was created without a limit; one more is `GROUP_FULL`.',
  groupMembersCeiling: 'The most that a group can be created for.',
  groupInviteMax: 'Users per invitation, and members besides the owner at the creation.',
  roomMembersDefault: 'Members of a room that was created without a limit; one more is `ROOM_FULL`.',
  roomMembersCeiling: 'The most that a room can be created for.',
  roomsPerUserMax: 'Rooms that a user may be in; entering one more is `ROOM_LIMIT_REACHED`.',
  roomAttributesMax: 'Attributes of a room; one more is `ATTRIBUTE_LIMIT_REACHED`.',
  roomAttributeKeyBytesMax: "Key of a room's attribute, at least one byte; else `ATTRIBUTE_INVALID`.",
  roomAttributeValueBytesMax: "Value of a room's attribute; beyond it `ATTRIBUTE_INVALID`.",
  roomAttributesBytesMax: 'Keys and values of a room together; beyond it `ATTRIBUTE_LIMIT_REACHED`.',
  memberAttributesMax: 'Attributes of a member of a room; one more is `ATTRIBUTE_LIMIT_REACHED`.',
  memberAttributeKeyBytesMax: "Key of a member's attribute, at least one byte; else `ATTRIBUTE_INVALID`.",
  memberAttributeValueBytesMax: "Value of a member's attribute; beyond it `ATTRIBUTE_INVALID`.",
  roomCountersMax: 'Counters of a room; one more is `INVALID_ARGUMENT`.',
  counterNameBytesMax: 'Name of a counter, at least one byte; else `INVALID_ARGUMENT`.',
  roomModeratorsMax: 'Moderators of a room; one more is `INVALID_ARGUMENT`.',
  roomMutesMax: 'Users of a room that are muted one by one; one more is `INVALID_ARGUMENT`.',
  roomBansMax: 'Users that are banned from a room; one more is `INVALID_ARGUMENT`.',
  roomBanMsMax: 'The longest ban or mute; beyond it `INVALID_ARGUMENT`.',
  roomKickMax: 'Users in one call that kicks; more is `INVALID_ARGUMENT`.',
  roomEmptyTtlMsMax: 'The longest that a room can be made to stay without members; beyond it `INVALID_ARGUMENT`.',
  roomHistoryMs: 'How far back newcomers see where the room shows its recent history.',
  memberPageMax: 'Members in one page.',
  nameCharsMax: 'Name of a group or room, in Unicode characters.',
  deviceSessionsMax: 'Sessions of a user on one gateway; the oldest is ended with `KICKED_OUT`.',
  tokenLifetimeMsMax: 'From the beginning (`iat`) to the end (`exp`) of a token; a longer one is `UNAUTHENTICATED`.',
  tokenWarningMs: 'A client is told so long before its token ends.',
  dedupeMs: "How long a sender's `clientMsgId` is remembered: a repetition gets the place of the first.",
};

/** Title, limits, sentences for those whose comments do not say it all, and where they are. */
const limitSections = [
  ['What clients and back ends meet', limits, sharedLimits, 'packages/kernel/src/limits.ts'],
  [
    'One gateway',
    gatewayLimits,
    {
      frameBytesMax: '',
      loginFrameBytesMax: '',
      loginWithinMs: '',
      heartbeatMs: '',
      offlineAfterMs: '',
      resumeWithinMs: '',
      tokenLifetimeMsMax: '',
      tokenWarningMs: '',
      sessionsPerUserMax: 'Sessions that a user may have on it; the oldest is ended with `KICKED_OUT`.',
      requestWithinMs: 'Time for the call behind a request; then `TIMEOUT`.',
      urgentBytesMax:
        'What may wait for one congested connection with priority HIGH; beyond it the connection is closed with `SLOW_CONSUMER`.',
      normalBytesMax: 'The same for MEDIUM; stored events beyond it are replaced by the head of their conversation, others are shed.',
      lowBytesMax: 'The same for LOW.',
      slowWithinMs: 'A connection that stays congested for so long is closed with `SLOW_CONSUMER`.',
      connectionsMax: 'Connections; a handshake beyond it is answered with HTTP 503.',
      handshakesPerAddress:
        'Handshakes of one address; beyond it HTTP 429. Loopback has no limit. Behind a proxy that `edge.trustedProxies` names, of one client.',
      requestsInFlightMax: 'Requests of one connection that are under way at the same time, sends not counted; beyond it `RATE_LIMITED`.',
      'rates.frames': 'Frames of any kind per client; beyond it `RATE_LIMITED`. At least twice what may be sent.',
      'rates.stored': 'Stored messages per client; beyond it `RATE_LIMITED`. Set per app.',
      'rates.command': 'Commands per client; beyond it `RATE_LIMITED`. Set per app.',
      'rates.bullet': 'Bullets per client; beyond it `RATE_LIMITED`. Set per app.',
      'rates.attributes': "Changes of rooms' and members' attributes per client; beyond it `RATE_LIMITED`.",
      'rates.counters': "Contributions to rooms' counters per client; beyond it `RATE_LIMITED`.",
      'rates.moderation': 'Kicks, bans, mutes, roles, names and ends of rooms per client; beyond it `RATE_LIMITED`.',
      'rates.acts': 'Edits, recalls, reactions, pins, settings and other acts per client; beyond it `RATE_LIMITED`.',
      'rates.typing': 'Notices of typing per client; beyond it `RATE_LIMITED`.',
      'rates.cursors': 'Cursors per client, however many of them a frame moves; beyond it `RATE_LIMITED`.',
      'rates.groups': 'Changes of groups per client; beyond it `RATE_LIMITED`.',
      'rates.people':
        'Requests about profiles and relations per client, steps towards others one by one, a changed profile 20 times; beyond it `RATE_LIMITED`.',
      'rates.search': 'Searches per client; beyond it `RATE_LIMITED`.',
      'rates.media': 'Uploads and shares of files per client; beyond it `RATE_LIMITED`. The bytes travel elsewhere.',
      'rates.downloads': 'URLs of files per client, one for each picture that is shown; beyond it `RATE_LIMITED`.',
      'rates.readAll': 'Readings of everything per client; beyond it `RATE_LIMITED`.',
      roomsPerUserMax: '',
      floodTurnMs: 'How often such a connection is read.',
      floodMessagesPerTurn: 'Messages that are then taken from it.',
    },
    'services/gateway/src/limits.ts',
  ],
  [
    'Files',
    mediaLimits,
    {
      eraseWidth: '',
      sweepEveryMs: 'How often uploads that nobody went on with, and files that are as old as messages become, are looked for and deleted.',
      headBytes: '',
      keptPageMax: '',
      busyRetryMs: '',
      countedUsersMax: '',
    },
    'services/media/src/limits.ts',
  ],
  [
    'Users',
    userLimits,
    {
      countMargin: '',
      relationsPage: '',
      page: '',
      noticeUsers: '',
      eraseWidth: '',
      eraseSpanMs: '',
      erasuresRemembered: '',
    },
    'services/user/src/limits.ts',
  ],
  [
    'The HTTP port',
    runtimeLimits,
    {
      apiBodyBytesMax: 'Body of a call of the back-end API; beyond it `MESSAGE_TOO_LARGE`.',
      apiTimeoutMs: 'Time for a call of the back-end API; then `TIMEOUT`.',
      publishAttemptsMax: '',
      followRetryFirstMs: '',
      followRetryLongestMs: '',
      gatewayEveryMs: '',
      gatewayLostMs: '',
    },
    'packages/runtime/src/limits.ts',
  ],
];

const cell = (text) => String(text).replaceAll('|', '\\|');
const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const code = (text) => (text === '' ? '' : `\`${text}\``);
const write = (name, source, body) =>
  writeFileSync(`${root}docs/${name}`, `<!-- Made from ${source} by npm run generate. -->\n\n${body.trim()}\n`);

write('errors.md', 'packages/kernel/src/errors.ts and packages/wire/src/close-codes.ts', errorsPage());
write('limits.md', 'the limits.ts of packages/kernel, packages/runtime and services/{gateway,media,user}', limitsPage());
write('configuration.md', 'packages/config/src/schema.ts', configurationPage());
write('groups.md', 'packages/domain/src/group/permissions.ts', groupsPage());

function errorsPage() {
  const ranges = [
    [1000, 'Give up', 'The same request will be refused again. Change it, or ask the user.'],
    [2000, 'Back off', 'The request was fine. Send the same one again after `retryAfterMs`, or after a pause that doubles from 500 ms on.'],
    [3000, 'Reconnect', 'The connection is over, not the session: connect again and log in with the resume key.'],
    [4000, 'Refresh', 'Between processes of a cluster only; clients and back ends never see it.'],
  ];
  const sections = ranges.map(([from, title, advice]) => {
    const rows = Object.entries(errorTable)
      .filter(([, spec]) => spec.code >= from && spec.code < from + 1000)
      .map(([name, spec]) => [code(name), spec.code, spec.http, spec.grpc, closeCodes[name] ?? '', spec.message]);
    return `## ${from}–${from + 999}: ${title.toLowerCase()}\n\n${advice}\n\n${table(['name', 'code', 'HTTP', 'gRPC', 'close code', 'meaning'], rows)}`;
  });
  return `# Errors

Every refusal has a name and a number that never change, a sentence for developers, and often a detail that names the field
and the limit. Programs look at the number; of one that they do not know, at its range. "Absent" and "not allowed" answer
alike, so that nobody learns what exists by asking.

| where | what it looks like |
|---|---|
| clients | frame \`error\` with \`code\`, \`name\`, \`message\`, \`retryAfterMs\` and the id of the request |
| end of a connection | WebSocket close code, where the table has one, after an \`error\` frame where there is more to say: 41xx give up, 42xx back off, 43xx reconnect |
| back-end API over HTTP | the HTTP status and \`{"error": {"name", "code", "message", "detail", "retry", "retryAfterMs"}}\`, with \`Retry-After\` in seconds |
| between processes of a cluster | the gRPC status; name, detail and \`retryAfterMs\` in the trailers |
| \`@parley/sdk\` | \`ParleyClientError\` with \`name\`, \`code\`, \`retry\`, \`retryAfterMs\` |

\`TIMEOUT\` alone says nothing about what happened: the same request again, with the same \`clientMsgId\`, settles it.

${sections.join('\n\n')}`;
}

function limitsPage() {
  const sections = limitSections.map(
    ([title, values, sentences, source]) => `## ${title}\n\n${table(['limit', 'value', 'meaning'], limitRows(values, sentences, source))}`,
  );
  return `# Limits

Everything has a limit, and what exceeds one is refused with an [error](errors.md) that names the field and the limit.
Some can be set per app, see [configuration](configuration.md). Limits of single services that neither clients nor back ends
meet are in the \`limits.ts\` of the service.

${sections.join('\n\n')}`;
}

/** A limit's sentence is given here or is its comment in the source; an empty one leaves it out. */
function limitRows(values, sentences, source) {
  const comments = commentsIn(readFileSync(`${root}${source}`, 'utf8'));
  const flat = Object.entries(values).flatMap(([name, value]) =>
    name === 'rates' ? Object.entries(value).map(([key, rate]) => [`rates.${key}`, rate]) : [[name, value]],
  );
  for (const name of Object.keys(sentences))
    if (!flat.some(([known]) => known === name)) fail(`.tools/docs.mjs: ${source} has no limit ${name}`);
  return flat.flatMap(([name, value]) => {
    const sentence = sentences[name] ?? comments.get(name);
    if (sentence === undefined) fail(`${source}: ${name} needs a comment, or a sentence in .tools/docs.mjs`);
    return sentence === '' ? [] : [[code(name), inWords(name, value), sentence]];
  });
}

function commentsIn(text) {
  const found = text.matchAll(/^ {2}\/\*\* (.+) \*\/\n {2}(?:readonly )?(\w+):/gm);
  return new Map([...found].map(([, comment, name]) => [name, comment]));
}

function inWords(name, value) {
  if (typeof value === 'object') return `${value.perSecond} per second, ${value.burst} at once`;
  if (/Bytes/.test(name))
    return value % 1024 === 0 ? (value % 1024 ** 2 === 0 ? `${value / 1024 ** 2} MiB` : `${value / 1024} KiB`) : `${value} B`;
  if (!/Ms/.test(name)) return value.toLocaleString('en').replaceAll(',', ' ');
  const units = [
    ['days', 86_400_000],
    ['min', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ];
  const [unit, size] = units.find(([, ms]) => value >= 2 * ms && value % ms === 0) ?? units[3];
  return `${value / size} ${unit}`;
}

function configurationPage() {
  const settings = settingsOf(configSchema);
  const isInList = ({ path }) => path.includes('[]');
  const defaultOf = ({ schema, notes }) => {
    if (notes.defaultText !== undefined) return notes.defaultText;
    const parsed = schema.safeParse(undefined);
    if (!parsed.success || parsed.data === undefined) return '';
    return Array.isArray(parsed.data) ? parsed.data.join(',') : String(parsed.data);
  };
  const mayBeFile = ({ notes }) => notes.isSecret === true || notes.mayBeFile === true;
  const meaning = (setting) => `${setting.notes.meaning}${mayBeFile(setting) ? ' May be a file.' : ''}`;
  const rows = settings
    .filter((setting) => !isInList(setting))
    .map((setting) => [code(setting.path), code(setting.env), code(defaultOf(setting)), setting.notes.expects, meaning(setting)]);
  const listRows = settings
    .filter(isInList)
    .map((setting) => [code(setting.path), code(defaultOf(setting)), setting.notes.expects, meaning(setting)]);
  return `# Configuration

A variable beats the file, the file beats the default. The file is \`PARLEY_CONFIG\`, else \`./parley.yaml\` where it is there;
\`edge.allowedOrigins\` is the key \`allowedOrigins\` below \`edge\` in it. Lists in variables are separated by commas. A setting
that may be a file is also read from the path in \`<VARIABLE>_FILE\`, or \`<setting>File\` in YAML. Everything that is wrong is
reported at once, and the process does not start. \`npm run parley -- config\` prints what is in effect.

${table(['setting', 'variable', 'default', 'expects', 'meaning'], rows)}

\`limits\` and \`rules\` hold for all apps, \`apps[].limits\` and \`apps[].rules\` for one. Rates by priority and rates by kind of message hold together; LOW and
MEDIUM of a client are never below what an app's rates by kind add up to, unless they are set. What \`policy/setPolicy\` sets while
the system runs ([back-end API](backend-api.md#how-much-an-app-may-send)) goes before both.

## Apps

In \`PARLEY_APPS\` as YAML or JSON, or in the file:

\`\`\`yaml
apps:
  - id: shop
    keys:
      - { kid: k1, alg: HS256, secretFile: /run/secrets/shop }
      - { kid: k2, alg: EdDSA, publicKeyPemFile: /etc/parley/shop.pem }
    limits: { sendsPerSecond: 20, textBytesMax: 8192 }
\`\`\`

${table(['setting', 'default', 'expects', 'meaning'], listRows)}`;
}

function groupsPage() {
  const permissions = {
    yes: ['yes', 'Done.'],
    no: ['no', '`PERMISSION_DENIED`.'],
    hidden: ['–', '`GROUP_NOT_FOUND`, whether there is such a group or not.'],
    unchanged: ['so already', 'No error, and nothing happens.'],
    senseless: ['no user', '`INVALID_ARGUMENT`: there must be a user who does it. The back end invites and kicks instead.'],
    byJoinMode: [
      'join mode',
      'Open: in at once. Approval: a request. Closed: `GROUP_NOT_FOUND`. An invitation that waits opens every door.',
    ],
    ifOption: ['option', 'Yes where the options leave it to members (`invite_mode`, `is_editable_by_members`), else `PERMISSION_DENIED`.'],
    ifLower: ['on lower roles', 'Yes where all whom it concerns have a lower role, else `PERMISSION_DENIED`; all or nobody.'],
    ifOwn: [
      'own',
      'Yes where it concerns nobody else, or takes an own invitation back; else `PERMISSION_DENIED`, and for strangers `GROUP_NOT_FOUND`.',
    ],
    ifOwnOrLower: ['own, lower roles', 'Yes for the own name and for those of lower roles.'],
  };
  const effects = {
    join: 'Comes in, or asks to.',
    invite: 'Brings users in, or asks them.',
    leave: 'Goes.',
    kick: 'Puts members out; they may come back where they are let in.',
    dismiss: 'Ends the group; its id is never used again.',
    transfer: 'Makes another member the owner; the former one becomes an admin.',
    setRole: 'Makes a member an admin, or an admin a member.',
    setNickname: 'Names a member within the group.',
    updateInfo: 'Changes name, avatar, notice.',
    changeAttributes: 'Sets and deletes attributes, all or none.',
    mute: 'Mutes members, a role or everybody for a while, or lifts it.',
    setOptions: 'Replaces the options.',
    answerRequest: 'Says yes or no to a request.',
    setLimit: 'Sets how many members there may be.',
  };
  const actors = { owner: 'owner', admin: 'admin', member: 'member', outsider: 'others', backEnd: 'back end' };
  const nameOf = (type) => code(type.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  const rowsOf = (state, columns) =>
    Object.entries(groupPermissions).map(([type, row]) => [nameOf(type), ...columns.map((actor) => permissions[row[state][actor]][0])]);
  const head = (columns) => ['operation', ...columns.map((actor) => actors[actor])];
  const open = Object.keys(actors);
  const dismissed = ['owner', 'outsider', 'backEnd'];
  const operations = Object.keys(groupPermissions).map((type) => [
    nameOf(type),
    effects[type] ?? fail(`.tools/docs.mjs: what does ${type} do?`),
  ]);
  return `# Groups: who may do what

A group has one owner, up to ${limits.groupAdminsMax} admins, and members. Whoever is not in it is told nothing of it. The back end (an operation without
an operator) stands above all of them.

${table(head(open), rowsOf('open', open))}

${table(['means', ''], Object.values(permissions))}

${table(['operation', 'does'], operations)}

Of a dismissed group the last owner is the only one who is known:

${table(head(dismissed), rowsOf('dismissed', dismissed))}

## Coming in

- \`invite_mode\` says who invites; \`invitee_mode\` whether invited users come in at once or are asked. The back end asks nobody.
- A request is named by its user; there is at most one of each. The same one told twice is one, another one replaces it. It waits
  ${inWords('requestMs', limits.requestMs)}; at most ${limits.groupRequestsMax} wait in a group (\`LIMIT_REACHED\`).
- Yes to a wish to join comes from owner, admins and back end; yes to an invitation from the invited user and the back end. Whoever
  is concerned may say no: for the one who asked, that takes the request back.
- Whoever wished to join has consented: an invitation brings them in. Whoever is invited and joins has said yes.
- Where the app says so (\`blocksInvitations\`), users do not bring in whom they block or who blocks them: \`BLOCKED\`, which names them.
- Where only friends write to each other (\`friendsOnly\`), users bring in friends only: \`NOT_FRIENDS\`, which names the others.

## Going

When the owner leaves, the group goes to the admin who has been in it for the longest time, else to the member who has; when the last
member leaves, it is dismissed. Roles, names in the group and exceptions from mutes end with the membership; mutes go on.

## Speaking

- A mute of members binds all but owner and admins; one of admins binds members too, and so does one of everybody. Nothing but
  the back end mutes the owner. Mutes name their ends; the longest is ${inWords('roomBanMsMax', limits.roomBanMsMax)}, at most ${inWords('groupMutesMax', limits.groupMutesMax)} users are muted.
- Lifting the mute of a member whose role is muted makes an exception: mute everybody, then let one speak.
- Slow mode and mutes do not bind the back end; slow mode binds neither owner nor admins.`;
}
