export * from './close-codes.js';
export * from './gen/edge-calls.js';
export * from './gen/edge-frames.js';
export * from './gen/event-conversation.js';
export * from './gen/event-room-details.js';
