import type { Client, SendHandle, TimelineEvent } from '@parley/sdk';
import { parseConversationArgument } from '../conversation-argument.js';
import { UsageError } from '../output.js';
import { isBesides, renderEvent } from '../render.js';
import { allMembers } from './group.js';
import { allRoomMembers } from './room.js';

/** The terminal of a chat: lines come in, lines go out above the prompt. */
export interface ChatTerminal {
  print(line: string): void;
  /** What the user enters, line by line; ends with the input. */
  lines(): AsyncIterable<string>;
}

const startLines = 20;
const help = '/history [n]  older messages   /members  who is here   /quit  leave   anything else is sent';

/** A conversation in the terminal, until /quit or the end of the input. */
export async function chat(client: Client, conversation: string, terminal: ChatTerminal): Promise<void> {
  const id = parseConversationArgument(conversation, client.userId);
  if (id.startsWith('r:')) await client.rooms.enter(id.slice(2));
  const session = new ChatSession(client, id, terminal);
  await session.start();
  for await (const line of terminal.lines()) {
    if (line.trim() === '/quit') break;
    await session.enter(line);
  }
  await session.finish();
}

class ChatSession {
  readonly #client: Client;
  readonly #id: string;
  readonly #terminal: ChatTerminal;
  readonly #underWay = new Set<SendHandle>();
  readonly #own = new Set<string>();
  /** Live events that wait until the history before them has been printed. */
  #early: TimelineEvent[] | undefined = [];
  #oldestSeq = 0;
  #newestSeq = 0;

  constructor(client: Client, id: string, terminal: ChatTerminal) {
    this.#client = client;
    this.#id = id;
    this.#terminal = terminal;
  }

  async start(): Promise<void> {
    this.#terminal.print(`${this.#id} as ${this.#client.userId}. ${help}`);
    this.#client.on('event', (event) => {
      if (event.conversation !== this.#id || isBesides(event)) return;
      if (this.#early === undefined) this.#show(event);
      else this.#early.push(event);
    });
    this.#client.on('connection', (status) => {
      if (status.state === 'offline')
        this.#terminal.print(`— connection lost, next try in ${(status.retryInMs / 1000).toFixed(1)} s; you can go on typing`);
      if (status.state === 'online') this.#terminal.print('— connected again');
      if (status.state === 'closed' && status.error !== undefined) this.#terminal.print(`— ended by the server: ${status.error.message}`);
    });
    await this.#older(startLines);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#show(event);
  }

  #show(event: TimelineEvent): void {
    // What was typed here stands there already, and so does what history has shown.
    if (event.type === 'message' && this.#own.delete(event.clientMsgId)) return;
    if (event.seq === 0 || event.seq > this.#newestSeq) this.#terminal.print(renderEvent(event));
  }

  async enter(line: string): Promise<void> {
    const [command = '', argument = ''] = line.trim().split(/\s+/);
    if (command === '') return;
    if (!command.startsWith('/')) this.#send(line);
    else if (command === '/history') await this.#older(Math.max(1, Math.min(100, Number(argument) || startLines)));
    else if (command === '/members') await this.#members();
    else this.#terminal.print(command === '/help' ? help : `${command} is no command. ${help}`);
  }

  /** Waits for what is still on its way. */
  async finish(): Promise<void> {
    if (this.#client.status.state !== 'online') return;
    await Promise.all([...this.#underWay].map((handle) => handle.done.catch(() => {})));
  }

  #send(text: string): void {
    const handle = this.#client.conversation(this.#id).send(text);
    this.#own.add(handle.clientMsgId);
    this.#underWay.add(handle);
    handle.done.then(
      () => this.#underWay.delete(handle),
      (error: unknown) => {
        this.#underWay.delete(handle);
        this.#own.delete(handle.clientMsgId);
        this.#terminal.print(`— not sent: ${text} (${error instanceof Error ? error.message : String(error)})`);
      },
    );
  }

  async #older(count: number): Promise<void> {
    if (this.#oldestSeq === 1) {
      this.#terminal.print('— this is the beginning');
      return;
    }
    try {
      const before = this.#oldestSeq === 0 ? {} : { from: this.#oldestSeq - 1 };
      const { events } = await this.#client.conversation(this.#id).history({ ...before, backwards: true, limit: count });
      for (const event of [...events].reverse()) this.#terminal.print(renderEvent(event));
      this.#newestSeq = Math.max(this.#newestSeq, events[0]?.seq ?? 0);
      this.#oldestSeq = events[events.length - 1]?.seq ?? this.#oldestSeq;
    } catch (error) {
      this.#terminal.print(`— no history: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #members(): Promise<void> {
    try {
      this.#terminal.print(`— ${(await this.#memberIds()).join(', ')}`);
    } catch (error) {
      this.#terminal.print(`— ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #memberIds(): Promise<readonly string[]> {
    const name = this.#id.slice(2);
    if (this.#id.startsWith('g:')) return allMembers((page) => this.#client.listGroupMembers(name, { page }));
    if (this.#id.startsWith('r:')) return allRoomMembers(this.#client, name);
    if (this.#id.startsWith('u:')) return Promise.resolve(name.split('|'));
    throw new UsageError(`not a conversation: ${this.#id}`);
  }
}
