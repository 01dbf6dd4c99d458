import type { Clock } from '@parley/kernel';
import type { ChatServer, Durability } from '../chat/chat-server.js';

export interface PeerOptions {
  readonly clock: Clock;
  /** Where temporary folders are made. */
  readonly dataParent: string;
}

/** Another chat server that can be started on this machine. */
export interface Peer {
  readonly name: string;
  readonly durability: Durability;
  /** Why it cannot run here, in words; undefined when it can. */
  missing(): string | undefined;
  /** Starts it on the loopback interface and a free port, with a temporary folder of its own. */
  start(options: PeerOptions): Promise<ChatServer>;
}
