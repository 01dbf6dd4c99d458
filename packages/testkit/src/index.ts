export * from './checker/check-history.js';
export * from './checker/observations.js';
export * from './checker/recorder.js';
export * from './deployment/deployment.js';
