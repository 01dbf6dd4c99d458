import { ParleyClientError } from '../client-error.js';
import { Emitter, type Off } from '../emitter.js';
import type { PreparedSend } from '../live/unsent.js';
import type { PendingSend } from '../outbox-store.js';
import { type SendHandle, type SendState, SendTracker, type StoredMessage } from '../send-handle.js';
import { cancelled, makeStop } from './stop.js';

export interface PreparedOptions {
  /** What is shown until the message is sent. */
  readonly draft: PendingSend;
  /** Does what has to be done before; resolves with what is sent. */
  prepare(signal: AbortSignal, progress: (part: number) => void): Promise<PendingSend>;
  send(ready: PendingSend): SendHandle;
}

/** A message that is sent once something else is done: its file has arrived, or was shared. */
export class PreparedMessage implements PreparedSend {
  readonly #options: PreparedOptions;
  readonly #tracker: SendTracker;
  readonly #changes = new Emitter<{ change: SendHandle }>();
  #request: PendingSend;
  #progress = 0;
  #stop = makeStop();
  #sent: SendHandle | undefined;

  constructor(options: PreparedOptions) {
    this.#options = options;
    this.#request = options.draft;
    this.#tracker = new SendTracker(options.draft, () => this.#again());
    this.#tracker.onChange(() => this.#changes.emit('change', this));
    void this.#prepare();
  }

  get request(): PendingSend {
    return this.#request;
  }

  get conversation(): string {
    return this.#request.conversation;
  }

  get clientMsgId(): string {
    return this.#request.clientMsgId;
  }

  get state(): SendState {
    return this.#tracker.state;
  }

  get seq(): number | undefined {
    return this.#tracker.seq;
  }

  get messageId(): string | undefined {
    return this.#tracker.messageId;
  }

  get error(): ParleyClientError | undefined {
    return this.#tracker.error;
  }

  get done(): Promise<StoredMessage> {
    return this.#tracker.done;
  }

  /** From 0 to 1. */
  get progress(): number {
    return this.#progress;
  }

  onChange(listener: (handle: SendHandle) => void): Off {
    return this.#changes.on('change', listener);
  }

  retry(): void {
    this.#tracker.retry();
  }

  /** Gives it up, unless it is with the outbox already. */
  cancel(): void {
    if (this.#sent !== undefined || this.state === 'failed') return;
    this.#stop.abort(cancelled());
    this.#tracker.fail(cancelled());
  }

  #again(): void {
    this.#tracker.move('queued');
    if (this.#sent === undefined) void this.#prepare();
    else this.#sent.retry();
  }

  async #prepare(): Promise<void> {
    const stop = makeStop();
    this.#stop = stop;
    const told = (part: number): void => {
      this.#progress = part;
      this.#changes.emit('change', this);
    };
    try {
      this.#request = await this.#options.prepare(stop.signal, told);
    } catch (error) {
      if (!stop.signal.aborted) this.#tracker.fail(ParleyClientError.from(error));
      return;
    }
    if (stop.signal.aborted) return;
    this.#progress = 1;
    const sent = this.#options.send(this.#request);
    this.#sent = sent;
    this.#follow(sent);
    sent.onChange(() => this.#follow(sent));
  }

  #follow({ state, seq, messageId, error, done }: SendHandle): void {
    if (state === 'failed' && error !== undefined) this.#tracker.fail(error);
    else if (state !== 'stored' && state !== 'failed') this.#tracker.move(state);
    else if (seq !== undefined && messageId !== undefined) void done.then((stored) => this.#tracker.succeed(stored));
  }
}
