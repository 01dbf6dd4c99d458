export * from './gen/event-aggregate.js';
export * from './gen/event-group.js';
export * from './gen/event-lane.js';
export * from './gen/event-owned.js';
export * from './gen/event-ownership.js';
export * from './gen/event-room.js';
export * from './gen/event-timeline.js';
