import type { Membership, Message, MessageContent, TimelineEvent } from '@parley/sdk';

/** One event as one line: time, place, who, what. */
export function renderEvent(event: TimelineEvent, options: { showConversation?: boolean } = {}): string {
  const where = options.showConversation === true ? ` ${event.conversation}` : '';
  const seq = event.seq === 0 ? '·' : String(event.seq);
  return `${renderTime(event.timeMs)}${where} ${seq.padStart(4)}  ${renderBody(event)}`;
}

/** Cursors, settings, relations: not what is said or done in the conversation itself. */
export const isBesides = ({ type, seq }: TimelineEvent): boolean => seq === 0 && !['message', 'membership', 'typing'].includes(type);

function renderBody(event: TimelineEvent): string {
  switch (event.type) {
    case 'message':
      return renderMessage(event);
    case 'membership':
      return renderMembership(event);
    case 'messageEdited':
      return `— ${who(event.sender)} edited ${event.target}${event.content === undefined ? '' : `: ${renderContent(event.content)}`}`;
    case 'messageRecalled':
      return `— ${who(event.sender)} recalled ${event.target}${event.reason === '' ? '' : ` (${printable(event.reason)})`}`;
    case 'messageDeleted':
      return `— ${who(event.sender)} deleted ${event.targets.join(', ')}`;
    case 'reactionsChanged':
      return `— ${who(event.sender)} ${event.isRemoved ? 'took back' : 'reacted with'} ${printable(event.reaction)} on ${event.target}`;
    case 'pinsChanged':
      return `— ${who(event.sender)} ${event.isRemoved ? 'unpinned' : 'pinned'} ${event.target}`;
    case 'groupChanged':
      return `— ${who(event.sender)} changed the group: ${event.change?.type ?? 'something'}`;
    case 'userErased':
      return `— ${event.user} was erased`;
    case 'typing':
      return `— ${event.user} ${event.isTyping ? 'writes' : 'stopped writing'}`;
    case 'hidden':
      return '(nothing to see here)';
    case 'unknown':
      return '(an event that this version does not know)';
    default:
      return `— ${event.type}`;
  }
}

const who = (user: string): string => (user === '' ? '*server*' : user);

function renderMessage(event: Message): string {
  const urgency = event.priority === 'high' ? ' (!)' : '';
  const answered = event.replyTo === undefined ? '' : ` (to ${event.replyTo.seq})`;
  return `${who(event.sender)}${urgency}${answered}: ${renderContent(event.content)}${renderDetails(event)}`;
}

function renderDetails({ details }: Message): string {
  const reactions = (details?.reactions ?? []).map(({ reaction, count }) => `${printable(reaction)} ${count}`);
  return `${details?.edited === undefined ? '' : ' (edited)'}${reactions.length === 0 ? '' : `  [${reactions.join(', ')}]`}`;
}

function renderMembership(event: Membership): string {
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
      return printable(`[${content.type}] ${content.url || content.media}`);
    case 'location':
      return printable(`[location] ${content.latitude}, ${content.longitude} ${content.title}`);
    case 'custom':
      return printable(`[custom ${content.subType}] ${content.summary}`);
    case 'combined':
      return printable(`[${content.items.length} messages] ${content.title || content.summary}`);
    case 'multiple':
      return content.items.map(renderContent).join(' ');
    case 'notice':
      return printable(`[${content.code}] ${content.text}`);
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
