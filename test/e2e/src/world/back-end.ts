import type { Deployment, StoredEvent } from '@parley/testkit';

/** A refusal of the back-end API. */
class BackEndError extends Error {
  readonly status: number;

  constructor(name: string, status: number, message: string) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** A stored event as the back end reads it. */
export interface ReadEvent extends StoredEvent {
  readonly messageId: string;
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

const pageSize = 100;
const answerWithinMs = 60_000;

/** The application's own back end: everything that it may do over the admin door, for one app. */
export class BackEnd {
  readonly #deployment: Pick<Deployment, 'adminUrl' | 'adminKey'>;
  readonly #app: string;

  constructor(deployment: Pick<Deployment, 'adminUrl' | 'adminKey'>, app: string) {
    this.#deployment = deployment;
    this.#app = app;
  }

  /** Throws a BackEndError for a refusal. */
  async call(method: string, request: object): Promise<Readonly<Record<string, unknown>>> {
    const { adminUrl, adminKey } = this.#deployment;
    const answer = await fetch(`${adminUrl}/v1/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ app: this.#app, ...request }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const body = (await answer.json()) as Record<string, unknown>;
    if (answer.ok) return body;
    const error = body['error'] as { readonly name: string; readonly message: string; readonly detail: string };
    throw new BackEndError(error.name, answer.status, `${method}: ${error.message} ${error.detail}`);
  }

  async kick(group: string, user: string): Promise<void> {
    await this.call('group/leaveGroup', { group, user });
  }

  async invite(group: string, ...users: string[]): Promise<void> {
    await this.call('group/inviteToGroup', { group, users });
  }

  async say(conversation: string, text: string, clientMsgId = ''): Promise<number> {
    const answer = await this.call('router/sendMessage', { conversation, clientMsgId, content: { text: { text } } });
    return Number(answer['seq']);
  }

  /** Newest seq of a conversation; 0 when nothing ever happened in it. */
  async headOf(conversation: string): Promise<number> {
    const page = await this.call('history/queryHistory', { conversation, backwards: true, limit: 1 });
    return Number(page['headSeq']);
  }

  /** Everything that is stored, from the first seq on; waits (bounded) until history has come to `atLeastSeq`. */
  async history(conversation: string, atLeastSeq = 0): Promise<readonly ReadEvent[]> {
    const events: ReadEvent[] = [];
    for (let fromSeq = 1; ; ) {
      const page = await this.call('history/queryHistory', { conversation, fromSeq, limit: pageSize, atLeastSeq });
      for (const json of page['events'] as unknown[]) events.push(readEvent(json));
      if (page['hasMore'] !== true) return events;
      fromSeq = (events.at(-1)?.seq ?? 0) + 1;
    }
  }
}

interface EventJson {
  readonly seq: string;
  readonly messageId: string;
  readonly sender: string;
  readonly clientMsgId: string;
  readonly content?: { readonly text?: { readonly text: string }; readonly custom?: { readonly summary: string } };
  readonly membership?: { readonly joined: readonly string[]; readonly left: readonly string[] };
}

function readEvent(json: unknown): ReadEvent {
  const { seq, messageId, sender, clientMsgId, content, membership } = json as EventJson;
  const body = content?.text?.text ?? content?.custom?.summary ?? '';
  return { seq: Number(seq), messageId, sender, clientMsgId, body, joined: membership?.joined ?? [], left: membership?.left ?? [] };
}
