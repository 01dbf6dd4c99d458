export * from './errors.js';
export * from './limits.js';
export { createMemoryLog, type MemoryLogOptions } from './memory/memory-log.js';
export * from './port.js';
