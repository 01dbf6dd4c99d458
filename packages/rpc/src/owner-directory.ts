/** Who serves a partition of a service now. */
export interface Owner {
  readonly service: string;
  readonly partition: number;
  /** Offset of the owner's claim; 0 for readers, which claim nothing. */
  readonly fence: number;
  /** Where it takes calls; empty in the entry with which it leaves. */
  readonly address: string;
  /** Id of the process. */
  readonly peer: string;
}

/** The latest published owners, as this process knows them; entries may be out of date. */
export interface OwnerDirectory {
  ownerOf(service: string, partition: number): Owner | undefined;
  /** Distinct owning processes of a service. */
  peersOf(service: string): readonly Owner[];
  publish(owner: Owner): Promise<void>;
  /** Calls back after each change; returns the way to stop. */
  onChange(listener: (owner: Owner) => void): () => void;
}
