import type { OwnerDirectory } from './owner-directory.js';
import { OwnerTable } from './owner-table.js';

/** A directory for one process: what is published is known at once. */
export function createMemoryDirectory(): OwnerDirectory {
  const table = new OwnerTable();
  return {
    ownerOf: (service, partition) => table.ownerOf(service, partition),
    peersOf: (service) => table.peersOf(service),
    publish: async (owner) => {
      table.apply(owner);
    },
    onChange: (listener) => table.onChange(listener),
  };
}
