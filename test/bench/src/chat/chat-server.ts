/** How urgent a message is. A server without priorities carries it as a mark in the text. */
export type Level = 'high' | 'medium' | 'low';

export const levels: readonly Level[] = ['high', 'medium', 'low'];

/** What an acknowledgement promises; only servers of one class compare. */
export type Durability = 'D0' | 'D1' | 'D2';

/** In words, for readers of a report. */
export const durabilityText: Readonly<Record<Durability, string>> = {
  D0: 'taken, but stored nowhere',
  D1: 'written to a file, which the disk may not have seen',
  D2: 'on the disk',
};

interface TemplateOptions {
  readonly room: string;
  readonly level: Level;
  /** May be dropped under load; servers that know no such messages store or forward it like any other. */
  readonly isTransient?: boolean;
  /** Bytes of the text, at least 24. */
  readonly textBytes: number;
}

/** A message that is copied and patched instead of being encoded anew. */
export interface MessageTemplate {
  /** The bytes of one message in the server's protocol, without the framing of the connection. */
  frame(answerId: number, messageIndex: number): Uint8Array;
}

/** What happens on connections, told without an object per event. */
export interface ChatEvents {
  /** The message was acknowledged. */
  stored(client: ChatClient, messageIndex: number): void;
  /** A message arrived at the client. */
  arrived(client: ChatClient, messageIndex: number): void;
  /** The message was refused. */
  refused(client: ChatClient, messageIndex: number, error: string): void;
  /** The server says that it did not pass messages on: in a room, or to this client when `room` is undefined. */
  dropped(client: ChatClient, room: string | undefined, level: Level, count: number): void;
  /** Something that no workload wants: a lost connection, a resync, an error that answers nothing. */
  trouble(client: ChatClient, what: string): void;
}

/** Somebody who is connected to a server, whatever its protocol. */
export interface ChatClient {
  /** Position among the clients of the workload. */
  readonly index: number;
  readonly user: string;
  /** Whether the connection is over. */
  readonly isClosed: boolean;
  /** Makes a room with place for so many and becomes its first member. */
  create(room: string, memberLimit: number): Promise<void>;
  /** Becomes a member of a room; resolves when the client hears it. */
  enter(room: string): Promise<void>;
  /** Queues a message. */
  send(template: MessageTemplate, messageIndex: number): void;
  /** Writes what is queued. */
  flush(): void;
  /** Keeps the connection alive where the client has to. */
  ping(): void;
  /** Stops to read from the socket. */
  pause(): void;
  resume(): void;
  /** Ends the session and the connection; resolves when that is done. */
  logout(): Promise<void>;
}

export interface ConnectOptions {
  readonly index: number;
  readonly user: string;
  /** One of the addresses of the loopback interface. */
  readonly localAddress: string;
}

/** A chat server that is measured, whatever its protocol; disposing stops what was started. */
export interface ChatServer extends AsyncDisposable {
  readonly name: string;
  readonly durability: Durability;
  /** Version, or the implementation of the listener. */
  readonly about: string;
  /** All processes whose CPU and memory count. */
  readonly pids: readonly number[];
  /** Whether it promises to account for every message; one that does not cannot fail a run by losing some. */
  readonly isAccountable: boolean;
  template(options: TemplateOptions): MessageTemplate;
  connect(options: ConnectOptions, events: ChatEvents): Promise<ChatClient>;
  /** Counters of each process, by the process's name; empty where there are none. */
  counters(): Promise<ReadonlyMap<string, Counters>>;
}

/** Values by the name of the metric with its labels, e.g. `parley_gateway_shed_total{level="low"}`. */
export type Counters = ReadonlyMap<string, number>;
