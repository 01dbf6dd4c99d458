import { withTimeout } from '@parley/kernel';
import type { ChatClient, ChatEvents, MessageTemplate } from '../chat/chat-server.js';
import { Ledger, type LedgerResult } from '../measure/ledger.js';
import { runOpenLoop } from '../measure/pacer.js';
import { type Spread, Samples } from '../measure/percentiles.js';
import type { CpuUse } from '../measure/process-meter.js';
import { untilQuiet } from './until-quiet.js';
import type { ChatContext } from './workload.js';

/** Someone who sends into one conversation. */
export interface Sender {
  readonly client: ChatClient;
  readonly template: MessageTemplate;
}

export interface RunOptions {
  readonly messages: number;
  /** Connections that each message must reach. */
  readonly receivers: number;
  readonly isLastOnly?: boolean;
}

export interface RunResult extends LedgerResult {
  readonly cpu: CpuUse;
  /** From the first send to the last delivery, milliseconds. */
  readonly activeMs: number;
  /** How late the generator sent, milliseconds; empty for a closed loop. */
  readonly lag: Spread;
  readonly troubles: readonly string[];
}

const finishWithinMs = 30_000;

/** Sends messages from many senders and books what becomes of them. One run at a time. */
export class MessageRun {
  readonly events: ChatEvents;
  readonly #context: ChatContext;
  #ledger = new Ledger({ first: 0, messages: 0, receivers: 0 });
  #next = 0;
  #onAnswer: (client: ChatClient) => void = () => undefined;
  #troubles = new Map<string, number>();

  /** Clients whose events do not count are told apart by `isWatched`. */
  constructor(context: ChatContext, isWatched: (client: ChatClient) => boolean = () => true) {
    const { clock } = context;
    this.#context = context;
    this.events = {
      stored: (client, index) => {
        this.#ledger.stored(index, clock.monotonic());
        this.#onAnswer(client);
      },
      arrived: (client, index) => {
        if (isWatched(client)) this.#ledger.arrived(index, clock.monotonic());
      },
      refused: (client, _, error) => {
        this.#ledger.refused(error);
        this.#onAnswer(client);
      },
      dropped: (client, room, level, count) => {
        if (isWatched(client)) this.#trouble(`${count} ${level} dropped${room === undefined ? '' : ' in the room'}`);
      },
      trouble: (client, what) => {
        if (isWatched(client)) this.#trouble(what);
      },
    };
  }

  /** Each sender keeps so many messages under way until all are sent. */
  closedLoop(senders: readonly Sender[], inFlight: number, options: RunOptions): Promise<RunResult> {
    const { clock } = this.#context;
    const byClient = new Map(senders.map((sender) => [sender.client, sender]));
    const endIndex = this.#next + options.messages;
    const sendNext = ({ client, template }: Sender): void => {
      if (this.#next === endIndex) return;
      this.#ledger.due(this.#next, clock.monotonic());
      client.send(template, this.#next++);
    };
    this.#onAnswer = (client) => {
      const sender = byClient.get(client);
      if (sender !== undefined) sendNext(sender);
    };
    return this.#run(options, new Samples(), async () => {
      for (const sender of senders) {
        for (let i = 0; i < inFlight; i++) sendNext(sender);
        sender.client.flush();
      }
    });
  }

  /** Senders take turns at a fixed rate. */
  openLoop(senders: readonly Sender[], ratePerSecond: number, options: RunOptions): Promise<RunResult> {
    const { clock } = this.#context;
    const lag = new Samples();
    const first = this.#next;
    this.#onAnswer = () => undefined;
    this.#next += options.messages;
    return this.#run({ ...options, first }, lag, () =>
      runOpenLoop({
        clock,
        ratePerSecond,
        count: options.messages,
        start: (n, dueMs) => {
          const sender = senders[n % senders.length];
          if (sender === undefined) return;
          lag.add(clock.monotonic() - dueMs);
          this.#ledger.due(first + n, dueMs);
          sender.client.send(sender.template, first + n);
          sender.client.flush();
        },
      }),
    );
  }

  #trouble(what: string): void {
    this.#troubles.set(what, (this.#troubles.get(what) ?? 0) + 1);
  }

  async #run(options: RunOptions & { first?: number }, lag: Samples, send: () => Promise<void>): Promise<RunResult> {
    const { clock, meter } = this.#context;
    const ledger = new Ledger({ ...options, first: options.first ?? this.#next });
    this.#ledger = ledger;
    this.#troubles = new Map();
    const used = meter.start();
    const startMs = clock.monotonic();
    await send();
    const late: string[] = [];
    await withTimeout(clock, finishWithinMs + options.messages, ledger.done(), () => new Error('late')).catch(() =>
      late.push('gave up waiting'),
    );
    const activeMs = clock.monotonic() - startMs;
    const active = used();
    // What the server does afterwards, writing history for one, belongs to the messages as well.
    await untilQuiet(this.#context);
    const cpu = { ...active, serverMs: used().serverMs };
    const troubles = [...late, ...[...this.#troubles].map(([what, count]) => `${count} × ${what}`)];
    return { ...ledger.result(), cpu, activeMs, lag: lag.spread(), troubles };
  }
}
