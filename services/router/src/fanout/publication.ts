import type { Delivery, MembershipControl } from '@parley/contracts/router';
import { emptyBytes } from '@parley/kernel';

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
  /** Only these users get the event; the others of the channel get `withheld`, or nothing where that is empty. Empty: everybody. */
  readonly onlyTo: readonly string[];
  readonly withheld: Uint8Array;
  /** Only for connections that look at the conversation. */
  readonly isForLookers: boolean;
}

/** For publications that everybody who listens may see. */
export const forEverybody = { onlyTo: [], withheld: emptyBytes, isForLookers: false } as const satisfies Partial<Publication>;

/** The publication as it travels to those who listen to the channels. */
export function toDelivery(publication: Publication, channels: readonly string[]): Delivery {
  const { app, event, conversation, seq, exceptPeer, exceptConnection, control, onlyTo, withheld, isForLookers } = publication;
  const priority = publication.priority as Delivery['priority'];
  return { app, channels, event, priority, exceptPeer, exceptConnection, control, conversation, seq, onlyTo, withheld, isForLookers };
}
