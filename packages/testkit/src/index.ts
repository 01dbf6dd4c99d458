export * from './checker/check-history.js';
export * from './checker/observations.js';
export * from './checker/recorder.js';
export * from './deployment/deployed-apps.js';
export * from './deployment/deployment.js';
export * from './deployment/free-ports.js';
export * from './deployment/managed-process.js';
export { temporaryFolder } from './deployment/reaper.js';
export * from './deployment/start-standalone.js';
