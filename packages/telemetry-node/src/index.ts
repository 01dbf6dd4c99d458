export * from './node-telemetry.js';
