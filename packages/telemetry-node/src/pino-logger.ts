import type { LogFields, Logger } from '@parley/telemetry';
import { type DestinationStream, pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';

export interface LoggerOptions {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** Fields of every line. */
  readonly fields: LogFields;
  /** Takes the lines; standard output by default, written at once so that a crash loses none. */
  readonly destination?: DestinationStream;
}

/** Lines of JSON; a cause is written as `err`, with its stack and its own causes. */
export function createLogger({ level, fields, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: fields,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(destination === undefined ? pino(options) : pino(options, destination));
}

const wrap = (inner: PinoLogger): Logger => ({
  error: (message, fields, cause) => inner.error(withCause(fields, cause), message),
  warn: (message, fields, cause) => inner.warn(withCause(fields, cause), message),
  info: (message, fields) => inner.info(fields ?? none, message),
  debug: (message, fields) => inner.debug(fields ?? none, message),
  child: (fields) => wrap(inner.child(fields)),
});

const none: LogFields = {};

const withCause = (fields: LogFields | undefined, cause: unknown): object =>
  cause === undefined ? (fields ?? none) : { ...fields, err: cause instanceof Error ? cause : new Error(String(cause)) };
