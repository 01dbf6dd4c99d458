import type { MembershipControl } from '@parley/contracts/router';

/** One event on its way to everybody who listens to some channels. */
export interface Publication {
  readonly app: string;
  readonly channels: readonly string[];
  /** Encoded ConversationEvent. */
  readonly event: Uint8Array;
  readonly priority: number;
  readonly conversation: string;
  readonly seq: number;
  /** The connection that caused it gets no copy. */
  readonly exceptPeer: string;
  readonly exceptConnection: number;
  readonly control: MembershipControl | undefined;
}
