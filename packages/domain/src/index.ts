export * from './content.js';
export * from './decide-group.js';
export * from './decide-room.js';
export * from './group.js';
export * from './limits.js';
export * from './member-set.js';
export * from './room.js';
