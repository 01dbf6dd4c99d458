import type { OwnerDirectory } from './owner-directory.js';

export interface Ownership {
  readonly service: string;
  readonly partition: number;
  readonly fence: number;
}

/**
 * Calls back when the directory shows an owner of the partition with a later fence, at once if it does so already.
 * An owner that was frozen learns in no other way that somebody took over, unless it has something to append: callers
 * would be sent to the successor, also when that has given the partition back. Ends with the returned function.
 */
export function watchForSuccessor(directory: OwnerDirectory, ownership: Ownership, onSuccessor: () => void): () => void {
  const { service, partition, fence } = ownership;
  const known = directory.ownerOf(service, partition);
  if (known !== undefined && known.fence > fence) onSuccessor();
  return directory.onChange((owner) => {
    if (owner.service === service && owner.partition === partition && owner.fence > fence) onSuccessor();
  });
}
