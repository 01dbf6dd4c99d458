import { partitionOf } from '@parley/kernel';
import type { HistoryStore } from '@parley/store';
import type { PartitionProjector } from '../project/partition-projector.js';
import { emptyConversation, type HeldConversation, hold } from '../rows/held-conversation.js';

export interface ConversationsDeps {
  readonly store: HistoryStore;
  readonly partitions: number;
  /** Those that run in this process, by partition. */
  readonly projectors: ReadonlyMap<number, PartitionProjector>;
}

/** How conversations stand: from memory where this process projects them, else from the store. */
export class Conversations {
  readonly #deps: ConversationsDeps;

  constructor(deps: ConversationsDeps) {
    this.#deps = deps;
  }

  /** The projector of a conversation, where it runs in this process. */
  projectorOf(app: string, conversation: string): PartitionProjector | undefined {
    const { projectors, partitions } = this.#deps;
    return projectors.get(partitionOf(app, conversation, partitions));
  }

  /** Where it needs no look into the store. */
  known(app: string, conversation: string): HeldConversation | undefined {
    return this.projectorOf(app, conversation)?.known(app, conversation);
  }

  /** Undefined for one in which nothing has ever happened. */
  async find(app: string, conversation: string): Promise<HeldConversation | undefined> {
    const projector = this.projectorOf(app, conversation);
    if (projector !== undefined) return projector.conversation(app, conversation);
    const row = await this.#deps.store.conversation(app, conversation);
    return row === undefined ? undefined : hold(row);
  }

  async get(app: string, conversation: string): Promise<HeldConversation> {
    return (await this.find(app, conversation)) ?? hold(emptyConversation(app, conversation));
  }

  /** Resolves when no write of the conversation is under way in this process. */
  async settled(app: string, conversation: string): Promise<void> {
    await this.projectorOf(app, conversation)?.settled();
  }
}
