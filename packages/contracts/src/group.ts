export * from './gen/group-group.js';
