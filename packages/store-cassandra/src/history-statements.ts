import { cassandraLimits } from './limits.js';

/** Partition key of the tables with checkpoints, in the first epoch. */
export const storeName = 'timeline';

export const insertMessage =
  'INSERT INTO messages (app, conversation, bucket, seq, event, countable) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?';
export const insertRoomMessage = `${insertMessage} AND TTL ${cassandraLimits.roomMessageSeconds}`;
export const deleteMessagesBelow = 'DELETE FROM messages USING TIMESTAMP ? WHERE app = ? AND conversation = ? AND bucket = ? AND seq < ?';
export const insertConversation =
  'INSERT INTO conversations (app, conversation, head_seq, countable, updated_ms, membership_version, closed, ' +
  'history_access, kept_from_seq, speaking, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?';
export const insertMember = 'INSERT INTO members (app, conversation, user_id, version, spans) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?';
export const insertConversationOfUser = 'INSERT INTO conversations_of_user (app, user_id, conversation) VALUES (?, ?, ?) USING TIMESTAMP ?';
export const deleteMembers = 'DELETE FROM members USING TIMESTAMP ? WHERE app = ? AND conversation = ?';
export const deleteConversationOfUser =
  'DELETE FROM conversations_of_user USING TIMESTAMP ? WHERE app = ? AND user_id = ? AND conversation = ?';
export const insertSend =
  'INSERT INTO sends (app, conversation, sender, client_msg_id, seq, message_id, time_ms, body_hash) ' +
  'VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?';
export const insertCheckpoint =
  'INSERT INTO history_checkpoints (store, log_partition, log_offset, fence, record_index, tail_offset, tail_fence, ' +
  'tail_index, time_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?';

export const insertAmendedTo = 'INSERT INTO history_checkpoints (store, log_partition, amended_to) VALUES (?, ?, ?) USING TIMESTAMP ?';
export const insertDetail = 'INSERT INTO details (app, space, key, value) VALUES (?, ?, ?, ?) USING TIMESTAMP ?';
export const deleteDetail = 'DELETE FROM details USING TIMESTAMP ? WHERE app = ? AND space = ? AND key = ?';

export const selectMessagesForwards =
  'SELECT seq, event, countable FROM messages WHERE app = ? AND conversation = ? AND bucket = ? AND seq >= ? ' + 'ORDER BY seq ASC LIMIT ?';
export const selectMessagesBackwards =
  'SELECT seq, event, countable FROM messages WHERE app = ? AND conversation = ? AND bucket = ? AND seq <= ? ' +
  'ORDER BY seq DESC LIMIT ?';
const conversationColumns =
  'app, conversation, head_seq, countable, updated_ms, membership_version, closed, history_access, kept_from_seq, speaking, details';
export const selectConversation = `SELECT ${conversationColumns} FROM conversations WHERE app = ? AND conversation = ?`;
export const selectConversations = `SELECT ${conversationColumns} FROM conversations LIMIT ?`;
export const selectConversationsFrom = `SELECT ${conversationColumns} FROM conversations WHERE token(app, conversation) >= token(?, ?) LIMIT ?`;
export const selectHead = 'SELECT head_seq FROM conversations WHERE app = ? AND conversation = ?';
export const selectMember = 'SELECT user_id, version, spans FROM members WHERE app = ? AND conversation = ? AND user_id = ?';
export const selectMembersAmong = 'SELECT user_id, version, spans FROM members WHERE app = ? AND conversation = ? AND user_id IN ?';
export const selectMembers = 'SELECT user_id, version, spans FROM members WHERE app = ? AND conversation = ? AND user_id > ? LIMIT ?';
export const selectConversationsOfUser =
  'SELECT conversation FROM conversations_of_user WHERE app = ? AND user_id = ? AND conversation > ? LIMIT ?';
export const selectSend =
  'SELECT seq, message_id, time_ms, body_hash FROM sends ' + 'WHERE app = ? AND conversation = ? AND sender = ? AND client_msg_id = ?';
export const selectDetail = 'SELECT value FROM details WHERE app = ? AND space = ? AND key = ?';
export const selectAmendedTo = 'SELECT amended_to FROM history_checkpoints WHERE store = ? AND log_partition = ?';
export const selectCheckpoints =
  'SELECT log_partition, log_offset, fence, record_index, tail_offset, tail_fence, tail_index, time_ms ' +
  'FROM history_checkpoints WHERE store = ?';
