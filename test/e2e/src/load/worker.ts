/** Somebody who does one thing after the other until told to stop. */
export interface Worker {
  /** How many of them were answered. */
  readonly bursts: number;
  /** Ends after `stop`, once everything has been answered; at once when the signal says that nobody waits for that. */
  run(abandoned: AbortSignal): Promise<void>;
  stop(): void;
}
