import type { ChatEvents } from '../chat/chat-server.js';
import type { EdgeClient } from '../protocol/edge-client.js';
import { AdminClient } from '../server/admin-client.js';
import { connectClient, type Identity } from './open-clients.js';
import { adminOf, type BenchContext } from './workload.js';

/** A client that has logged in and holds its list. */
export interface SyncedClient {
  readonly client: EdgeClient;
  /** Conversations that were told. */
  readonly conversations: number;
  /** Of the answers to the sync. */
  readonly bytes: number;
  readonly pages: number;
  /** For the next sync. */
  readonly cursor: string;
  /** From the start to the first page and to the last, milliseconds. */
  readonly firstMs: number;
  readonly allMs: number;
}

/**
 * The cursor that a client would get now, if answers were not dated back by a minute. Made without a gateway, which is not
 * to know the users yet.
 */
export async function cursorOfNow({ server, clock }: BenchContext, user: string): Promise<string> {
  const nowMs = clock.now();
  const question = { app: server.app.app, user, changedSinceMs: String(nowMs) };
  const { epoch } = await new AdminClient(adminOf(server), clock).call('history/listConversations', question);
  return `${nowMs}:${String(epoch)}`;
}

/** Connects, logs in and syncs from a cursor (empty: everything) to the last page. Drops the connection when that fails. */
export async function openSynced(
  context: BenchContext,
  identity: Identity,
  { cursor, events }: { readonly cursor: string; readonly events: ChatEvents },
): Promise<SyncedClient> {
  const { clock } = context;
  const startMs = clock.monotonic();
  const client = connectClient(context, identity, events);
  try {
    await client.opened();
    const login = client.request({ type: 'login', value: { token: identity.token, device: 'bench', client: 'parley-bench' } });
    const found = { conversations: 0, bytes: 0, pages: 0, cursor: '', firstMs: 0 };
    let page = '';
    do {
      const asked = client.ask({ type: 'sync', value: { cursor, page } });
      client.flush();
      // Both go out together, and when the login is refused the sync is, too.
      const [{ body, bytes }] = await Promise.all([asked, login]);
      if (body.type !== 'syncResult') throw new Error(`a sync was answered with ${body.type}`);
      if (found.pages === 0) found.firstMs = clock.monotonic() - startMs;
      found.conversations += body.value.conversations.length;
      found.bytes += bytes;
      found.pages++;
      found.cursor = body.value.cursor;
      page = body.value.nextPage;
    } while (page !== '');
    return { ...found, client, allMs: clock.monotonic() - startMs };
  } catch (error) {
    client.drop();
    throw error;
  }
}
