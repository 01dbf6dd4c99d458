export * from './config-error.js';
export * from './describe-config.js';
export type { Environment } from './environment.js';
export * from './load-config.js';
export { roomRateDefaults } from './rate-limits.js';
export {
  type AppConfig,
  type AppKeyConfig,
  type Config,
  type RpcTlsConfig,
  type RateLimitsConfig,
  type ServiceName,
  serviceNames,
} from './schema.js';
