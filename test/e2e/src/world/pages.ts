import type { Conversation, HistoryOptions, Message, TimelineEvent } from '@parley/sdk';
import { type Actor, textOf } from './actor.js';

/** Everything that a device reads of a conversation, page by page. */
export async function readAll(conversation: Pick<Conversation, 'pages'>, options: HistoryOptions): Promise<readonly TimelineEvent[]> {
  const events: TimelineEvent[] = [];
  for await (const page of conversation.pages(options)) events.push(...page.events);
  return events;
}

/** Texts of all messages that a device reads of a conversation, oldest first. */
export async function readTexts({ client }: Actor, conversation: string): Promise<readonly string[]> {
  return textsOf(await readAll(client.conversation(conversation), { backwards: false, limit: 40 }));
}

export const messagesOf = (events: readonly TimelineEvent[]): readonly Message[] =>
  events.filter((event): event is Message => event.type === 'message');

export const textsOf = (events: readonly TimelineEvent[]): readonly string[] => messagesOf(events).map(textOf);
