import type { Clock, Random } from '@parley/kernel';
import type { ConversationHead } from '@parley/wire';
import type { Emitter } from './emitter.js';
import type { EventDecoder, Told } from './event-decoder.js';
import type { ClientEvents } from './events.js';
import type { SdkLimits } from './limits.js';
import type { Outbox } from './outbox.js';
import type { Requester } from './requester.js';
import type { Timeline } from './timeline.js';

/** What happens inside a client, for its parts; each is told before applications learn of it. */
export interface ClientSteps {
  /** Every event of every conversation, own ones among them, in order; see `ClientEvents.event`. */
  told: Told;
  /** A conversation that a sync has listed, as the user has it; see `ClientEvents.conversation`. */
  head: ConversationHead;
  /** A sync is asked for: what was told before is in its answer. */
  syncing: undefined;
  /** Logged in, and requests can be made. `isComplete`: nothing was missed meanwhile. `serverTimeMs`: the server's clock now. */
  online: { readonly isComplete: boolean; readonly serverTimeMs: number };
  offline: undefined;
  /** What is being collected must be written now: the page may be about to go, or the client is being closed. */
  flush: undefined;
}

/** What the parts of a client share: lists, stores and handles are made of these. See DESIGN.md. */
export interface ClientParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  /** What applications are told. */
  readonly events: Emitter<ClientEvents>;
  readonly steps: Emitter<ClientSteps>;
  readonly requests: Requester;
  readonly outbox: Outbox;
  readonly timeline: Timeline;
  readonly decoder: EventDecoder;
  /** Id of the user; empty before the first login when it was not given. */
  self(): string;
}
