export * from './gen/history-rows.js';
