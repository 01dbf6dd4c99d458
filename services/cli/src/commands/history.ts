import type { Client, TimelineEvent } from '@parley/sdk';
import { parseConversationArgument } from '../conversation-argument.js';
import type { Output } from '../output.js';
import { renderEvent, renderJson } from '../render.js';

export interface HistoryRequest {
  readonly conversation: string;
  /** How many of the newest, or from `from` on. */
  readonly count: number;
  /** First seq to print; without it the newest are printed. */
  readonly from?: number;
  readonly asJson: boolean;
}

const pageMax = 100;

/** Prints a part of a conversation's history, oldest first. Throws ParleyClientError when it is refused. */
export async function printHistory(client: Client, request: HistoryRequest, output: Output): Promise<void> {
  const id = parseConversationArgument(request.conversation, client.userId);
  const events: TimelineEvent[] = [];
  const { from, count } = request;
  const start = from === undefined ? { backwards: true } : { backwards: false, from };
  for await (const page of client.conversation(id).pages({ ...start, limit: Math.min(count, pageMax) })) {
    events.push(...page.events.slice(0, count - events.length));
    if (events.length >= count) break;
  }
  if (from === undefined) events.reverse();
  for (const event of events) output.line(request.asJson ? renderJson(event) : renderEvent(event));
  if (events.length === 0) output.note(`nothing in ${id} yet`);
}
