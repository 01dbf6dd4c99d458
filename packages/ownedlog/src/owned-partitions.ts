/** Which partitions a process is to own and which of them it serves: for readiness and metrics. */
export class OwnedPartitions {
  #assigned: readonly number[] | undefined;
  readonly #served = new Set<number>();

  /** What the group wants this process to own; called by `superviseOwnership`. */
  assign(partitions: readonly number[]): void {
    this.#assigned = [...partitions];
  }

  /** The partition's work has begun; the answer is to be called when it has ended. */
  serving(partition: number): () => void {
    this.#served.add(partition);
    return () => this.#served.delete(partition);
  }

  get servedCount(): number {
    return this.#served.size;
  }

  /** Why the process is not ready, or undefined. A process that the group gave nothing is ready to take over. */
  get unreadyReason(): string | undefined {
    if (this.#assigned === undefined) return 'the group has not shared out partitions yet';
    const missing = this.#assigned.filter((partition) => !this.#served.has(partition));
    return missing.length === 0 ? undefined : `partitions being taken over: ${missing.length} of ${this.#assigned.length}`;
  }
}
