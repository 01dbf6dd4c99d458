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

  constructor(router: UserDeps['router'], options: EraserOptions) {
    this.#router = router;
    this.#options = options;
  }

  /**
   * What the user has said in the conversation up to its head goes. Where it was erased within this span already that counts, and
   * what was said since, perhaps by somebody new of that id, is erased as well.
   */
  async erase(conversation: string, headSeq: number): Promise<void> {
    let erasedTo = await this.#act(conversation, `erase-${this.#options.span}`);
    while (erasedTo < headSeq) {
      const seq = await this.#act(conversation, `erase-after-${erasedTo}`);
      if (seq <= erasedTo) return; // there is nothing of the user in it
      erasedTo = seq;
    }
  }

  /** Answers the place of the erasure in the conversation's order. */
  async #act(conversation: string, id: string): Promise<number> {
    const { app, user, call } = this.#options;
    const act = { kind: { type: 'erase', value: { user } } } as const;
    const asked = this.#router.act({ app, conversation, clientMsgId: `${id}-${user}`, act }, call);
    const { seq } = await asked.catch(nothingThere);
    return seq;
  }
}

/** Nothing is left of a room that has ended: nothing has to be erased in it. */
function nothingThere(thrown: unknown): { readonly seq: number } {
  if (ParleyError.from(thrown).error !== 'CONVERSATION_NOT_FOUND') throw thrown;
  return { seq: Number.MAX_SAFE_INTEGER };
}
