export { LogUnavailableError } from './log-unavailable-error.js';
export { type KafkaLogOptions, openKafkaLog } from './open-kafka-log.js';
