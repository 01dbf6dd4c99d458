import { sleep } from '@parley/kernel';
import type { ChatClient, ChatEvents, Level, MessageTemplate } from '../chat/chat-server.js';
import { LevelLedger } from '../measure/level-ledger.js';
import type { LevelRow, MessagePlan } from '../measure/level-row.js';
import { runOpenLoop } from '../measure/pacer.js';
import { Samples, type Spread } from '../measure/percentiles.js';
import type { CpuUse } from '../measure/process-meter.js';
import type { ChatContext } from './workload.js';

export interface LevelRunResult {
  readonly levels: readonly LevelRow[];
  /** While messages were sent. */
  readonly cpu: CpuUse;
  /** How late the generator sent, milliseconds. */
  readonly lag: Spread;
  readonly troubles: readonly string[];
}

export interface LevelRunOptions {
  readonly clients: readonly ChatClient[];
  readonly plan: MessagePlan;
  template(room: number, level: Level): MessageTemplate;
}

const settleWithinMs = 15_000;
const lookEveryMs = 250;
/** What the server says when a client must fetch what it missed. */
const behindWords: ReadonlySet<string> = new Set(['headMoved', 'resyncNeeded']);

/** Offers messages of all levels at a rate, whatever becomes of them, and books what does. One run at a time. */
export class LevelRun {
  readonly events: ChatEvents;
  readonly #context: ChatContext;
  #ledger: LevelLedger | undefined;
  #next = 0;
  #troubles = new Map<string, number>();

  constructor(context: ChatContext) {
    const { clock } = context;
    this.#context = context;
    this.events = {
      stored: (_, index) => this.#ledger?.stored(index, clock.monotonic()),
      arrived: (client, index) => this.#ledger?.arrived(client.index, index, clock.monotonic()),
      refused: (_, index, error) => this.#ledger?.refused(index, error),
      dropped: (client, _, level, count) => this.#ledger?.dropped(client.index, level, count),
      trouble: (client, what) => {
        if (behindWords.has(what)) this.#ledger?.behind(client.index);
        this.#troubles.set(what, (this.#troubles.get(what) ?? 0) + 1);
      },
    };
  }

  /** Sends for so many seconds, then waits until everything is accounted for or has had its time. */
  async offer(ratePerSecond: number, seconds: number, { clients, plan, template }: LevelRunOptions): Promise<LevelRunResult> {
    const { clock, meter } = this.#context;
    const first = this.#next;
    const messages = Math.ceil(ratePerSecond * seconds);
    const ledger = new LevelLedger(plan, { first, messages });
    const lag = new Samples();
    this.#ledger = ledger;
    this.#next += messages;
    this.#troubles = new Map();
    const used = meter.start();
    await runOpenLoop({
      clock,
      ratePerSecond,
      count: messages,
      start: (n, dueMs) => {
        const client = clients[plan.senderOf(n)];
        if (client === undefined) throw new Error('a plan with more clients than there are');
        lag.add(clock.monotonic() - dueMs);
        ledger.due(first + n, dueMs);
        client.send(template(plan.roomOf(n), plan.levelOf(n)), first + n);
        client.flush();
      },
    });
    const cpu = used();
    const untilMs = clock.monotonic() + settleWithinMs;
    while (!ledger.isSettled() && clock.monotonic() < untilMs) await sleep(clock, lookEveryMs);
    const troubles = [...this.#troubles].filter(([what]) => !behindWords.has(what)).map(([what, count]) => `${count} × ${what}`);
    return { levels: ledger.rows(clock.monotonic()), cpu, lag: lag.spread(), troubles: [...ledger.oddities(), ...troubles] };
  }
}
