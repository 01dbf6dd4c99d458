import { type Clock, systemClock } from '@parley/kernel';

/** The operating system's side of a process, as a dependency of its life cycle. */
export interface ProcessHost {
  /** Calls back for SIGTERM and SIGINT. */
  onStopSignal(listener: (signal: string) => void): void;
  /** Calls back for what nobody caught: afterwards nothing can be relied on. */
  onFatal(listener: (error: unknown) => void): void;
  /** Writes a line for people, where there is no log yet. */
  print(line: string): void;
  exit(code: number): void;
}

/** This process. */
export const nodeHost: ProcessHost = {
  onStopSignal: (listener) => {
    const heard = withoutEchoes(listener, systemClock);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, heard);
  },
  onFatal: (listener) => {
    process.on('unhandledRejection', listener);
    process.on('uncaughtException', listener);
  },
  print: (line) => void process.stderr.write(`${line}\n`),
  exit: (code) => process.exit(code),
};

const echoMs = 500;

/**
 * Passes a signal on unless the last one was less than half a second ago. A terminal sends Ctrl-C to the whole
 * command, and npm and our own scripts pass it on: one key press arrives two or three times.
 */
export function withoutEchoes(listener: (signal: string) => void, clock: Clock): (signal: string) => void {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (signal) => {
    const isEcho = clock.monotonic() - lastAt < echoMs;
    lastAt = clock.monotonic();
    if (!isEcho) listener(signal);
  };
}
