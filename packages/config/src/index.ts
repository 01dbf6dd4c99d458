export * from './config-error.js';
export * from './describe-config.js';
export type { Environment } from './environment.js';
export * from './load-config.js';
export type { MediaS3Config } from './media-settings.js';
export { roomRateDefaults } from './rate-limits.js';
export {
  type AppConfig,
  type AppKeyConfig,
  type Config,
  type MediaConfig,
  type RpcTlsConfig,
  type RateLimitsConfig,
  type RulesConfig,
  type ServiceName,
  serviceNames,
} from './schema.js';
