import { partitionOf } from '@parley/kernel';

/** Does one call, which must succeed; answers its body. */
export type ProperCall = (method: string, request: object) => Promise<Readonly<Record<string, unknown>>>;

const app = 'app-one';
const [ann, bob, eve] = ['fuzz-a', 'fuzz-b', 'fuzz-c'] as const;
const pair = `u:${ann}|${bob}`;
const group = 'fuzz';
const room = 'fuzz';
/** Of an embedded server. */
const partitions = 16;

/**
 * Every operation of the back-end API at least once, with requests that are right. It leaves a pair, a group and a room with
 * something in them. Begins history anew in the end.
 */
export async function tour(call: ProperCall): Promise<void> {
  await tourOfMessages(call);
  await tourOfGroups(call);
  await tourOfRooms(call);
  await tourOfPeople(call);
  await tourOfFiles(call);
  await tourOfReading(call);
  await call('push/listUnreached', { app, user: bob });
  await call('gateway/listSessions', { app, user: ann });
  await call('gateway/disconnect', { app, user: 'nobody', device: '', reason: 'none' });
  await call('policy/setPolicy', { app: 'app-two', policy: {} });
  await call('policy/getPolicy', { app: 'app-two' });
  await call('history/rebuild', {});
}

async function tourOfMessages(call: ProperCall): Promise<void> {
  const content = { text: { text: 'hello' } };
  const say = (sender: string, clientMsgId: string) =>
    call('router/sendMessage', { app, conversation: pair, sender, clientMsgId, priority: 'PRIORITY_MEDIUM', content });
  await say(ann, 'one');
  await say(bob, 'two');
  const act = { react: { seq: '1', reaction: '+1', isRemoved: false } };
  await call('router/act', { app, conversation: pair, sender: bob, clientMsgId: 'three', act });
  await call('router/act', { app, conversation: pair, sender: ann, act: { pin: { seq: '2' } } });
  await call('router/act', { app, conversation: pair, sender: bob, act: { report: { seq: '1', reason: 'rude' } } });
  const notice = { priority: 'PRIORITY_LOW', onlyTo: [ann], profile: { profile: { user: bob, name: 'Bob' } } };
  await call('router/notify', { app, conversation: pair, notice });
  const messages = [{ sender: ann, clientMsgId: 'old', originalMs: '1600000000000', content }];
  await call('router/importMessages', { app, conversation: pair, messages });
  await call('router/queryPresence', { app, users: [ann, bob] });
}

async function tourOfGroups(call: ProperCall): Promise<void> {
  const options = { joinMode: 'JOIN_MODE_APPROVAL', inviteMode: 'INVITE_MODE_MEMBERS', slowModeMs: 0 };
  const attributes = [{ key: 'k', value: 'v' }];
  await call('group/createGroup', { app, group, name: 'Fuzz', owner: ann, members: [bob], memberLimit: 100, options, attributes });
  await call('group/createGroup', { app, group: 'fuzz-over', owner: ann });
  await call('group/dismissGroup', { app, group: 'fuzz-over', operator: ann });
  await call('group/joinGroup', { app, group, user: eve });
  await call('group/inviteToGroup', { app, group, users: [eve], operator: ann });
  await call('group/leaveGroup', { app, group, user: eve });
  await call('group/withdrawRequests', { app, user: eve });
  await call('group/getGroup', { app, group, viewer: ann });
  await call('group/listMembers', { app, group, viewer: ann, limit: 10, role: 'GROUP_ROLE_MEMBER' });
  const operation = { updateInfo: { name: { text: 'Fuzzy' }, notice: { text: 'Hear!' } } };
  await call('group/changeGroup', { app, group, operator: ann, operation });
  await call('group/getMembers', { app, group, viewer: bob, users: [ann, bob] });
  await call('group/listRequests', { app, group, viewer: ann, limit: 10 });
  await call('group/getGroups', { app, groups: [group], viewer: ann });
  await call('group/listUserRequests', { app, user: 'bob' });
  await call('group/listPartitionRequests', { app, partition: 3, user: 'bob' });
  await call('group/getPartitionGroups', { app, partition: partitionOf(app, `g:${group}`, partitions), groups: [group] });
}

async function tourOfRooms(call: ProperCall): Promise<void> {
  await call('room/createRoom', { app, room, name: 'Fuzz', creator: ann, memberLimit: 100, attributes: [{ key: 'k', value: 'v' }] });
  await call('room/createRoom', { app, room: 'fuzz-over' });
  await call('room/destroyRoom', { app, room: 'fuzz-over' });
  await call('room/enterRoom', { app, room, user: ann, mustExist: true });
  await call('room/enterRoom', { app, room, user: eve });
  await call('room/leaveRoom', { app, room, user: eve, cause: 'MEMBERSHIP_CAUSE_UNSPECIFIED' });
  await call('room/enterRoom', { app, room, user: bob });
  await call('room/getRoom', { app, room, viewer: ann });
  await call('room/roomExists', { app, room });
  await call('room/listRooms', { app, filter: { namePrefix: 'Fu', attributeKey: 'k' }, limit: 10, viewer: ann });
  await call('room/listPartitionRooms', { app, partition: 3, limit: 10, hasUnlisted: true });
  await call('room/listMembers', { app, room, viewer: ann, limit: 10 });
  await call('room/kickMembers', { app, room, operator: ann, users: [eve] });
  await call('room/banUser', { app, room, operator: ann, user: eve, durationMs: '1000' });
  await call('room/listBans', { app, room, viewer: ann });
  await call('room/mute', { app, room, operator: ann, user: bob, durationMs: '1000' });
  await call('room/setRole', { app, room, operator: ann, user: bob, role: 'ROOM_ROLE_MODERATOR' });
  await call('room/renameRoom', { app, room, operator: ann, name: 'Fuzzier' });
  await call('room/changeAttributes', { app, room, operator: ann, set: [{ key: 'k', value: 'w' }], force: true });
  await call('room/changeMemberAttributes', { app, room, operator: bob, user: bob, set: [{ key: 'm', value: 'n' }] });
  await call('room/incrementCounter', { app, room, counter: 'likes', user: bob, nonce: 'n', total: '3' });
  const send = { app, clientMsgId: 'all', priority: 'PRIORITY_HIGH', content: { text: { text: 'all' } } };
  await call('room/sendToAllRooms', send);
  await call('room/sendToPartitionRooms', { partition: 3, send });
}

async function tourOfPeople(call: ProperCall): Promise<void> {
  await call('user/updateUser', { app, user: ann, change: { name: { text: 'Ann' }, extension: { text: '{}' } } });
  await call('user/getUsers', { app, users: [ann, bob] });
  await call('user/changeRelations', { app, user: ann, others: [bob], step: { add: { alias: 'Bobby' } }, isPrivileged: true });
  await call('user/listRelations', { app, user: ann, kind: 'RELATION_KIND_FRIENDS', limit: 10 });
  await call('user/checkRelations', { app, user: ann, others: [bob] });
  await call('user/exportUser', { app, user: ann });
  await call('user/eraseUser', { app, user: 'fuzz-gone' });
}

async function tourOfFiles(call: ProperCall): Promise<void> {
  const file = { app, user: ann, conversation: pair, kind: 'file', name: 'a.txt', mimeType: 'text/plain', sizeBytes: '5' };
  const { media: unwanted } = await call('media/createUpload', file);
  await call('media/cancelUpload', { app, user: ann, media: unwanted });
  const { media, uploadUrl } = await call('media/createUpload', file);
  const headers = { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' };
  await fetch(String(uploadUrl), { method: 'PATCH', headers, body: 'hello' });
  await call('media/completeUpload', { app, user: ann, media });
  await call('media/getDownloadUrl', { app, conversation: pair, media });
  await call('media/shareMedia', { app, media, fromConversation: pair, toConversation: `g:${group}` });
  await call('media/listMedia', { app, user: ann, limit: 10 });
  await call('media/deleteMedia', { app, media });
  await call('media/eraseMedia', { app, user: eve });
}

async function tourOfReading(call: ProperCall): Promise<void> {
  const of = { app, conversation: pair, viewer: ann };
  await call('history/queryHistory', { ...of, fromSeq: '1', limit: 10, atLeastSeq: '5' });
  await call('history/queryHistory', { ...of, fromSeq: '2', backwards: true, limit: 10 });
  await call('history/listConversations', { app, user: ann, changedSinceMs: '0', limit: 10, isCurrent: true });
  await call('history/getConversation', { app, conversation: pair, atLeastOffset: '0' });
  await call('history/filterMembers', { app, conversation: `g:${group}`, users: [ann, eve], isCurrent: true });
  await call('history/findSend', { app, conversation: pair, sender: ann, clientMsgId: 'one' });
  await call('history/getCheckpoint', { partition: 3 });
  await call('history/getMessages', { ...of, seqs: ['1', '2'] });
  await call('history/getTarget', { app, conversation: pair, seq: '1', user: bob, reaction: '+1' });
  await call('history/listReplies', { ...of, rootSeq: '1', limit: 10 });
  await call('history/listReactions', { ...of, seq: '1', reaction: '+1', limit: 10 });
  await call('history/listPins', of);
  await call('history/getReceipts', { ...of, seqs: ['1'] });
  await call('history/listReaders', { ...of, seq: '1', isUnread: true, limit: 10 });
  await call('history/queryConversations', { app, user: ann, filter: { type: 'u', withHidden: true }, limit: 10 });
  await call('history/getConversationSummary', { app, user: ann, conversation: pair });
  await call('history/searchMessages', { app, viewer: ann, search: { text: 'hello', kinds: ['text'] }, limit: 10 });
  await call('history/getProfiles', { app, users: [ann], isCurrent: true });
  await call('history/listRelations', { app, user: ann, kind: 'RELATION_KIND_FRIENDS', limit: 10, isCurrent: true });
  await call('history/getRelations', { app, user: ann, others: [bob], isCurrent: true });
  await call('history/listReports', { app, limit: 10 });
  await call('history/listUserMessages', { app, user: ann, limit: 10 });
  await call('history/getFingerprint', { app, conversation: pair });
}
