import type { Client, ClientEvents, Gap, Membership, Message, StoredMessage, TimelineEvent } from '@parley/sdk';
import { Lookout } from './lookout.js';
import type { WeakLine } from './weak-line.js';

const patienceMs = 20_000;
const watched = [
  'event',
  'connection',
  'gap',
  'caughtUp',
  'send',
  'kicked',
  'historyReset',
  'error',
  'messagesDropped',
  'roomLost',
  'roomStateChanged',
  'roomAttributesUpdated',
  'roomMembersChanged',
  'roomMemberAttributesUpdated',
  'roomCountersUpdated',
  'roomRoleChanged',
  'roomMuted',
  'roomRenamed',
] as const;

/** A device of a user with the program of an application on it: remembers everything that the SDK hands out. */
export class Actor {
  readonly user: string;
  readonly device: string;
  readonly client: Client;
  readonly line: WeakLine;
  readonly events: TimelineEvent[] = [];
  readonly gaps: Gap[] = [];
  readonly errors: string[] = [];
  kicked: ClientEvents['kicked'] | undefined;
  catchUps = 0;
  readonly #lookout = new Lookout();

  constructor(fields: { readonly user: string; readonly device: string; readonly client: Client; readonly line: WeakLine }) {
    this.user = fields.user;
    this.device = fields.device;
    this.client = fields.client;
    this.line = fields.line;
    this.client.on('event', (event) => this.events.push(event));
    this.client.on('gap', (gap) => this.gaps.push(gap));
    this.client.on('error', (error) => this.errors.push(`${error.name}: ${error.message}`));
    this.client.on('caughtUp', () => this.catchUps++);
    this.client.on('kicked', (kicked) => {
      this.kicked = kicked;
    });
    for (const name of watched) this.client.on(name, () => this.#lookout.look());
  }

  /** Connected, and everything that happened before has arrived. */
  async start(): Promise<this> {
    const before = this.catchUps;
    await this.client.connect();
    await this.until('the first sync', () => this.catchUps > before || undefined);
    return this;
  }

  /** Sends a text and waits for its place. */
  send(conversation: string, text: string, clientMsgId?: string): Promise<StoredMessage> {
    const options = clientMsgId === undefined ? {} : { clientMsgId };
    return this.client.conversation(conversation).send(text, options).done;
  }

  messagesIn(conversation: string): readonly Message[] {
    return this.events.filter((event): event is Message => event.type === 'message' && event.conversation === conversation);
  }

  noticesIn(conversation: string): readonly Membership[] {
    return this.events.filter((event): event is Membership => event.type === 'membership' && event.conversation === conversation);
  }

  /** Texts that were handed out, in their order. */
  textsIn(conversation: string): readonly string[] {
    return this.messagesIn(conversation).map(textOf);
  }

  seqsIn(conversation: string): readonly number[] {
    return this.events.filter((event) => event.conversation === conversation && event.seq > 0).map(({ seq }) => seq);
  }

  /** The message with this text, once it has been handed out. */
  sees(conversation: string, text: string): Promise<Message> {
    return this.until(`"${text}" in ${conversation}`, () => this.messagesIn(conversation).find((message) => textOf(message) === text));
  }

  /** Once the conversation has been handed out up to this seq. */
  reaches(conversation: string, seq: number): Promise<number> {
    return this.until(`seq ${seq} of ${conversation}`, () => {
      const last = this.seqsIn(conversation).at(-1) ?? 0;
      return last >= seq ? last : undefined;
    });
  }

  /** What `read` finds, as soon as it finds something; it is asked after everything that the client reports. */
  until<T>(what: string, read: () => T | undefined): Promise<T> {
    const tooLate = (): Error => new Error(`${this.user} (${this.device}) waited in vain for ${what}\n${this.#report()}`);
    return this.#lookout.until(read, { withinMs: patienceMs, tooLate });
  }

  /** Breaks the connection and waits until another one has taken its place. */
  async reconnect(): Promise<void> {
    this.line.cut();
    await this.until('the end of the connection', () => this.client.status.state !== 'online' || undefined);
    await this.comeBack();
  }

  /** Waits for a connection, and does not let the client wait between attempts. */
  async comeBack(): Promise<void> {
    this.client.wake();
    await this.until('another connection', () => this.client.status.state === 'online' || undefined);
  }

  #report(): string {
    const seen = this.events
      .slice(-20)
      .map((event) => `${event.conversation} ${event.seq} ${event.type === 'message' ? textOf(event) : event.type}`);
    const { status, pending } = this.client;
    return [
      `status ${JSON.stringify(status)}, ${pending.length} sends pending, ${this.events.length} events; the last:`,
      ...seen,
      `gaps: ${JSON.stringify(this.gaps.slice(-5))}`,
      `errors: ${this.errors.slice(-5).join('; ')}`,
    ].join('\n');
  }
}

/** Text of a text message, summary of a custom one; the kind of any other. */
export function textOf({ content }: Message): string {
  if (content.type === 'custom') return content.summary;
  return content.type === 'text' ? content.text : `<${content.type}>`;
}
