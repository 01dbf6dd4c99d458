export * from './gen/router-router.js';
