export * from './gen/history-history.js';
