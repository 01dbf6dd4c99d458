import { type AppId, ParleyError, type UserId } from '@parley/kernel';
import type { CallOptions } from '@parley/rpc';
import type { UserDeps } from '../ports.js';

interface EraserOptions {
  readonly app: AppId;
  readonly user: UserId;
  /** Repetitions within it have no second effect. */
  readonly span: number;
  readonly call: CallOptions;
}

/** Orders the erasure of a user's words among everything else in their conversations. */
export class ConversationEraser {
  readonly #router: UserDeps['router'];
  readonly #options: EraserOptions;
  /** Up to where the user's words are gone, by conversation. */
  readonly #erasedTo = new Map<string, number>();

  constructor(router: UserDeps['router'], options: EraserOptions) {
    this.#router = router;
    this.#options = options;
  }

  /** What the user has said in the conversation until now goes. */
  async erase(conversation: string): Promise<void> {
    await this.#act(conversation, `erase-${this.#options.span}`);
  }

  /** What was said up to the seq goes, also where the erasure of this span came before it. */
  async eraseUpTo(conversation: string, seq: number): Promise<void> {
    if (!this.#erasedTo.has(conversation)) await this.erase(conversation);
    const to = this.#erasedTo.get(conversation) ?? 0;
    if (seq > to) await this.#act(conversation, `erase-after-${to}`);
  }

  async #act(conversation: string, id: string): Promise<void> {
    const { app, user, call } = this.#options;
    const act = { kind: { type: 'erase', value: { user } } } as const;
    const asked = this.#router.act({ app, conversation, clientMsgId: `${id}-${user}`, act }, call);
    const { seq } = await asked.catch(nothingThere);
    this.#erasedTo.set(conversation, Math.max(seq, this.#erasedTo.get(conversation) ?? 0));
  }
}

/** Nothing is left of a room that has ended: nothing has to be erased in it. */
function nothingThere(thrown: unknown): { readonly seq: number } {
  if (ParleyError.from(thrown).error !== 'CONVERSATION_NOT_FOUND') throw thrown;
  return { seq: Number.MAX_SAFE_INTEGER };
}
