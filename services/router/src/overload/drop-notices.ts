import type { CancelTimer, Clock } from '@parley/kernel';
import { type Lane, priorityOf } from '@parley/lanes';
import { encodeConversationEvent, Priority } from '@parley/wire';
import { forEverybody, type Publication } from '../fanout/publication.js';
import { routerLimits } from '../limits.js';

/** Where messages were dropped. */
export interface DropPlace {
  readonly app: string;
  readonly channel: string;
  readonly conversation: string;
}

interface Dropped {
  readonly place: DropPlace;
  low: number;
  medium: number;
}

export interface DropNoticesDeps {
  readonly clock: Clock;
  /** Takes a notice; false when it cannot take one now, then the counts are kept for the next time. */
  readonly tell: (notice: Publication) => boolean;
}

/** Tells those who listen how many transient messages they did not get: for each channel at most once a second. */
export class DropNotices {
  readonly #deps: DropNoticesDeps;
  readonly #dropped = new Map<string, Dropped>();
  #cancelTimer: CancelTimer | undefined;

  constructor(deps: DropNoticesDeps) {
    this.#deps = deps;
  }

  /** Counts one message. Beyond a bound on channels no more are told of; metrics count them all. */
  note(place: DropPlace, lane: Lane): void {
    const key = `${place.app}/${place.channel}/${place.conversation}`;
    let dropped = this.#dropped.get(key);
    if (dropped === undefined) {
      if (this.#dropped.size >= routerLimits.dropNoticesMax) return;
      dropped = { place, low: 0, medium: 0 };
      this.#dropped.set(key, dropped);
    }
    if (lane === 'low') dropped.low++;
    else dropped.medium++;
    this.#cancelTimer ??= this.#deps.clock.setTimer(routerLimits.dropNoticeEveryMs, () => this.#tell());
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#dropped.clear();
  }

  #tell(): void {
    this.#cancelTimer = undefined;
    const timeMs = this.#deps.clock.now();
    for (const [key, dropped] of this.#dropped) {
      if (this.#deps.tell(noticeOf(dropped, timeMs))) this.#dropped.delete(key);
    }
    if (this.#dropped.size === 0) return;
    this.#cancelTimer = this.#deps.clock.setTimer(routerLimits.dropNoticeEveryMs, () => this.#tell());
  }
}

function noticeOf({ place, low, medium }: Dropped, timeMs: number): Publication {
  const { app, channel, conversation } = place;
  const all = [
    { priority: priorityOf('low'), count: low },
    { priority: priorityOf('medium'), count: medium },
  ];
  const counts = all.filter(({ count }) => count > 0);
  const priority = Priority.MEDIUM;
  const event = encodeConversationEvent({ conversation, timeMs, priority, body: { type: 'messagesDropped', value: { counts } } });
  return {
    app,
    channels: [channel],
    event,
    priority,
    conversation,
    seq: 0,
    exceptPeer: '',
    exceptConnection: 0,
    control: undefined,
    ...forEverybody,
  };
}
