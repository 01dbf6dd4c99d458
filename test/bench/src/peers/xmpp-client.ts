import type { ChatClient, ChatEvents, ConnectOptions, MessageTemplate } from '../chat/chat-server.js';
import { opcodes } from '../protocol/web-socket-frames.js';
import { type EdgeAddress, WebSocketConnection } from '../protocol/web-socket-connection.js';
import { indexMark, readDigits, TextTemplate, textOf } from './text-template.js';

/** Domains of the server and of its rooms. */
export const domains = { server: 'localhost', rooms: 'rooms.localhost' } as const;

const opening = `<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='${domains.server}' version='1.0'/>`;
const anonymous = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
const binding = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>";
/** How the id of a message begins; ten digits follow. */
const idMark = Buffer.from("id='b-");
const messageStart = Buffer.from('<message');
const errorMark = Buffer.from("type='error'");
const ownPresence = "code='110'";

/** A groupchat message (XEP-0045, section 7.4) whose id holds its index. */
export function xmppTemplate(room: string, level: string, textBytes: number): MessageTemplate {
  const body = textOf(level, textBytes);
  return new TextTemplate(`<message to='${room}@${domains.rooms}' type='groupchat' id='b-${indexMark}'><body>${body}</body></message>`);
}

/**
 * A client of XMPP over WebSocket (RFC 7395), logged in anonymously. A room sends every message back to its sender as
 * well: that counts as the acknowledgement.
 */
export class XmppClient implements ChatClient {
  readonly index: number;
  readonly user: string;
  readonly #events: ChatEvents;
  readonly #connection: WebSocketConnection;
  readonly #underWay = new Set<number>();
  #waiting: { readonly word: string; readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  constructor(address: EdgeAddress, { index, user, localAddress }: ConnectOptions, events: ChatEvents) {
    this.index = index;
    this.user = user;
    this.#events = events;
    this.#connection = new WebSocketConnection(
      address,
      { localAddress, subprotocol: 'xmpp' },
      {
        message: (bytes, start, end) => this.#stanza(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)),
        wasRead: () => undefined,
        lost: (reason) => {
          this.#waiting?.reject(new Error(reason));
          events.trouble(this, reason);
        },
      },
    );
  }

  get isClosed(): boolean {
    return this.#connection.isClosing;
  }

  /** Logs in; resolves when the client can join rooms. To be called once, at once. */
  async connected(): Promise<void> {
    await this.#connection.opened();
    await this.#exchange(opening, 'features');
    await this.#exchange(anonymous, '<success');
    await this.#exchange(opening, 'features');
    await this.#exchange(binding, "id='bind'");
  }

  create(room: string): Promise<void> {
    return this.enter(room);
  }

  enter(room: string): Promise<void> {
    const to = `${room}@${domains.rooms}/${this.user}`;
    const join = `<presence to='${to}'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>`;
    return this.#exchange(join, ownPresence);
  }

  send(template: MessageTemplate, messageIndex: number): void {
    this.#underWay.add(messageIndex);
    this.#connection.send([template.frame(0, messageIndex)], opcodes.text);
  }

  flush(): void {
    // Every stanza is a message of its own in this protocol.
  }

  ping(): void {
    // The server does not ask for it.
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  async logout(): Promise<void> {
    this.#connection.destroy();
  }

  #stanza(stanza: Buffer): void {
    if (stanza.subarray(0, messageStart.length).equals(messageStart)) this.#message(stanza);
    else if (this.#waiting !== undefined) this.#answer(stanza.toString());
  }

  #message(stanza: Buffer): void {
    const at = stanza.indexOf(idMark);
    if (at < 0) return;
    const messageIndex = readDigits(stanza, at + idMark.length);
    const isOwn = this.#underWay.delete(messageIndex);
    if (stanza.includes(errorMark)) this.#events.refused(this, messageIndex, 'error');
    else if (isOwn) this.#events.stored(this, messageIndex);
    else this.#events.arrived(this, messageIndex);
  }

  #answer(text: string): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (text.includes(waiting.word)) {
      this.#waiting = undefined;
      waiting.resolve();
    } else if (text.includes("type='error'") || text.includes('<failure')) {
      this.#waiting = undefined;
      waiting.reject(new Error(text));
    }
  }

  /** Sends a stanza; resolves when an answer has the word in it. One at a time. */
  #exchange(stanza: string, word: string): Promise<void> {
    this.#connection.send([Buffer.from(stanza)], opcodes.text);
    return new Promise((resolve, reject) => {
      this.#waiting = { word, resolve, reject };
    });
  }
}
