export * from './gen/user-user.js';
