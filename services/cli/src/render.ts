import type { MessageContent, TimelineEvent } from '@parley/sdk';

/** One event as one line: time, place, who, what. */
export function renderEvent(event: TimelineEvent, options: { showConversation?: boolean } = {}): string {
  const where = options.showConversation === true ? ` ${event.conversation}` : '';
  const seq = event.seq === 0 ? '·' : String(event.seq);
  return `${renderTime(event.timeMs)}${where} ${seq.padStart(4)}  ${renderBody(event)}`;
}

function renderBody(event: TimelineEvent): string {
  if (event.type === 'unknown') return '(an event that this version does not know)';
  if (event.type === 'message') {
    const urgency = event.priority === 'high' ? ' (!)' : '';
    return `${event.sender === '' ? '*server*' : event.sender}${urgency}: ${renderContent(event.content)}`;
  }
  const by = event.operator === '' ? '' : ` (by ${event.operator})`;
  const parts: string[] = [];
  if (event.joined.length > 0) parts.push(`${event.joined.join(', ')} joined`);
  if (event.left.length > 0) parts.push(`${event.left.join(', ')} left`);
  if (event.closed) parts.push('closed for good');
  return `— ${parts.join('; ')}${by}`;
}

function renderContent(content: MessageContent): string {
  switch (content.type) {
    case 'text':
    case 'bullet':
      return printable(content.text);
    case 'image':
    case 'audio':
    case 'video':
    case 'file':
      return printable(`[${content.type}] ${content.url}`);
    case 'location':
      return printable(`[location] ${content.latitude}, ${content.longitude} ${content.title}`);
    case 'custom':
      return printable(`[custom ${content.subType}] ${content.summary}`);
    case 'command':
      return `[command] ${content.payload.length} bytes`;
    default:
      return '[content that this version does not know]';
  }
}

/** Messages come from others: they must not move the cursor or recolour the terminal. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, (char) => (char === '\n' ? ' ⏎ ' : '�'));

/** Time of day, with `date` also the day. */
export function renderTime(timeMs: number, form: 'time' | 'date' = 'time'): string {
  if (timeMs === 0) return '--:--:--';
  const time = new Date(timeMs).toTimeString().slice(0, 8);
  return form === 'time' ? time : `${new Date(timeMs).toDateString()} ${time}`;
}

/** One event as one line of JSON, for other programs. */
export function renderJson(event: TimelineEvent): string {
  return JSON.stringify(event, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value));
}
