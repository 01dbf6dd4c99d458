export * from './gen/push-push.js';
