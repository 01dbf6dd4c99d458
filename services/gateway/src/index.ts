export * from './json-codec.js';
export { type GatewayLimits, gatewayLimits, type RateLimits } from './limits.js';
export * from './ports.js';
export * from './service.js';
export * from './mount.js';
