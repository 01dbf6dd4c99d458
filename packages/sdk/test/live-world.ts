import type { Content, SettingInit } from '@parley/wire';
import type { Client } from '../src/client.js';
import type { FakeServer } from '../src/fake/fake-server.js';
import type { TimelineEvent } from '../src/events.js';
import type { LiveEntry, LiveMessages } from '../src/live/live-messages.js';
import type { World } from './world.js';

/** What a page shows that a collection shows as well: no acts, and no places without anything in them. */
const isShown = (event: TimelineEvent): boolean => {
  if (event.type === 'hidden') return event.messageId !== '';
  return ['message', 'membership', 'groupChanged', 'conversationChanged'].includes(event.type);
};

/** All that the server would show a client now, asked page by page. */
export async function serverView({ clock }: World, client: Client, conversation: string): Promise<readonly TimelineEvent[]> {
  const events: TimelineEvent[] = [];
  const pages = client.conversation(conversation).pages({ backwards: false, limit: 100 });
  for (;;) {
    const next = pages.next();
    await clock.advance(50);
    const { value } = await next;
    if (value === undefined) return events.filter(isShown);
    events.push(...value.events);
  }
}

/** Entries that have a place. */
export const storedOf = (entries: readonly LiveEntry[]): readonly TimelineEvent[] =>
  entries.filter((entry): entry is TimelineEvent => entry.type !== 'unsent');

/** The text of each entry; of those without one the kind. */
export const textsOf = (live: LiveMessages): readonly string[] =>
  live.getSnapshot().entries.map((entry) => {
    if (!('content' in entry) || entry.content === undefined) return entry.type;
    return entry.content.type === 'text' ? entry.content.text : entry.content.type;
  });

export const textContent = (text: string): { kind: Extract<Content['kind'], { type: 'text' }> } => ({
  kind: { type: 'text', value: { text } },
});

/** A setting of a user, made on another device. */
export const setting = (change: NonNullable<SettingInit['change']>) => ({ type: 'settings', value: { changes: [{ change }] } }) as const;

/** Seqs of messages of a user that may still be worked on. */
export const messagesOf = (server: FakeServer, conversation: string, user?: string): readonly number[] => {
  const events = server.conversations.get(conversation)?.events ?? [];
  return events.filter(({ body, sender }) => body?.type === 'content' && (user === undefined || sender === user)).map(({ seq }) => seq);
};
