export * from './gen/room-room.js';
