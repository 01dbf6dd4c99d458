import type { Delivery, MembershipControl } from '@parley/contracts/router';

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

/** The publication as it travels to those who listen to the channels. */
export function toDelivery(publication: Publication, channels: readonly string[]): Delivery {
  const { app, event, conversation, seq, exceptPeer, exceptConnection, control } = publication;
  const priority = publication.priority as Delivery['priority'];
  return { app, channels, event, priority, exceptPeer, exceptConnection, control, conversation, seq };
}
