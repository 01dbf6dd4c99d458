export type { ChatClient, ChatEvents, Counters, Level } from '../chat/chat-server.js';
export * from '../measure/prometheus-text.js';
export * from './edge-client.js';
export * from './send-template.js';
export type { EdgeAddress } from './web-socket-connection.js';
export { messageIdOf } from './walk-server-frames.js';
