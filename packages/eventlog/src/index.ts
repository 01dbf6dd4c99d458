export * from './errors.js';
export * from './limits.js';
export type { CommitReport } from './lmdb/group-commit.js';
export { type LmdbLogOptions, openLmdbLog } from './lmdb/lmdb-log.js';
export { createMemoryLog, type MemoryLogOptions } from './memory/memory-log.js';
export * from './port.js';
