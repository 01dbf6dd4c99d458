import type { ConversationEvent, MessageState } from '@parley/wire';
import type { FrameCodec } from './codec/frame-codec.js';
import type { EventKind } from './codec/vocabulary.js';
import type { TimelineEvent } from './events.js';
import { withState } from './message-details.js';

/** An event as applications see it, and as it came: the fold of messages (`@parley/fold`) works on the latter. */
export interface Told {
  readonly conversation: string;
  readonly seq: number;
  readonly event: TimelineEvent;
  readonly source: ConversationEvent;
  /** What the message has become, where it came with a page of history. */
  readonly state?: MessageState;
}

/** Of the answers that hold events. */
interface PageOfEvents {
  readonly events: readonly Uint8Array[];
  readonly states: readonly MessageState[];
}

/** Makes events of bytes. */
export class EventDecoder {
  readonly #codec: FrameCodec;
  readonly #kinds: ReadonlyMap<string, EventKind>;
  readonly #self: () => string;

  constructor(codec: FrameCodec, kinds: readonly EventKind[], self: () => string) {
    this.#codec = codec;
    this.#kinds = new Map(kinds.map((kind) => [kind.type, kind]));
    this.#self = self;
  }

  /** Throws ProtobufError when the bytes are no event, or its content cannot be read. */
  decode(bytes: Uint8Array): Told {
    const { event, isUnknown } = this.#codec.decodeEvent(bytes);
    return this.tell(event, isUnknown);
  }

  /** For keeping an event: what is decoded holds on to the frame it came in. */
  encode(source: ConversationEvent): Uint8Array {
    return this.#codec.encodeEvent(source);
  }

  /** What was decoded already, or made here. `isUnknown`: it has a body, but not one that this client understands. */
  tell(source: ConversationEvent, isUnknown = false): Told {
    const { conversation, seq, timeMs, sender, messageId, body } = source;
    const step = { conversation, seq, timeMs };
    const isHidden = body === undefined && !isUnknown;
    const shown = body && this.#kinds.get(body.type)?.show(source, this.#self());
    const event = shown ?? (isHidden ? { type: 'hidden', ...step, messageId, sender } : { type: 'unknown', ...step });
    return { conversation, seq, event, source };
  }

  /** Events of an answer, with what their messages have become. Those that cannot be read are left out and told. */
  decodePage({ events, states }: PageOfEvents, failed: (error: unknown) => void): readonly Told[] {
    const known = new Map(states.map((state) => [state.seq, state]));
    const page: Told[] = [];
    for (const bytes of events) {
      try {
        const told = this.decode(bytes);
        const state = known.get(told.seq);
        page.push(state === undefined ? told : { ...told, event: withState(told.event, state, this.#self()), state });
      } catch (error) {
        failed(error);
      }
    }
    return page;
  }
}
