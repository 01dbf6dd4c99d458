import { ParleyClientError } from '../client-error.js';
import type { CombinedContentInit, MessageContentInit } from '../content.js';
import type { Message } from '../events.js';

/** What is sent when a message is forwarded: who said it first stays with it, over any number of hands. */
export function forwardOf(message: Message): { content: MessageContentInit; forwarded: { sender: string; timeMs: number } } {
  const { sender, timeMs, forwarded } = message;
  return { content: sendable(message), forwarded: forwarded ?? { sender, timeMs } };
}

/** Several messages as one. Without a summary the first three are named. */
export function combine(messages: readonly Message[], texts: { title?: string; summary?: string } = {}): CombinedContentInit {
  const items = messages.map((message) => ({ sender: message.sender, timeMs: message.timeMs, content: sendable(message) }));
  const summary = messages.slice(0, linesMax).map(({ sender, content }) => `${sender}: ${shorten(previewOf(content))}`);
  return { type: 'combined', summary: summary.join('\n'), ...texts, items };
}

const linesMax = 3;
const lineChars = 30;

/** Content of a kind that this client does not know cannot be said again. */
function sendable({ content }: Message): MessageContentInit {
  if (content.type === 'unknown') throw ParleyClientError.of('INVALID_ARGUMENT', 'content of an unknown kind cannot be forwarded');
  return content as MessageContentInit;
}

const previewOf = (content: Message['content']): string => ('text' in content ? content.text : `[${content.type}]`);
const shorten = (text: string): string =>
  text.length > lineChars
    ? `${Array.from(text)
        .slice(0, lineChars - 1)
        .join('')}…`
    : text;
