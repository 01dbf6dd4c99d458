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
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, listener);
  },
  onFatal: (listener) => {
    process.on('unhandledRejection', listener);
    process.on('uncaughtException', listener);
  },
  print: (line) => void process.stderr.write(`${line}\n`),
  exit: (code) => process.exit(code),
};
