import {
  type ClientFrameInit,
  type ConversationEvent,
  clientFrameSchema,
  conversationEventSchema,
  decodeAs,
  encodeAs,
  type Schema,
  type SchemaCase,
  type ServerFrame,
  serverFrameSchema,
  withCases,
} from '@parley/wire';

/** What a client can say and understand; the rest of the protocol is not in its bundle. */
export interface FrameCases {
  readonly requests: readonly SchemaCase[];
  readonly answers: readonly SchemaCase[];
  readonly events: readonly SchemaCase[];
}

/** An event, and whether it has a body that this client does not understand. Without any body it is withheld. */
export interface DecodedEvent {
  readonly event: ConversationEvent;
  readonly isUnknown: boolean;
}

type Frames<Frame> = { readonly frames: readonly Frame[] };
const framesOf = <Init, Frame>(frame: Schema<Init, Frame>): Schema<Frames<Init>, Frames<Frame>> => [
  '',
  '1Mframes',
  () => [frame as Schema],
];

/** Cases of an event begin with this field; those below are not of the oneof. */
const firstCase = 10;

/** Encodes and decodes what travels, as far as its cases go. */
export class FrameCodec {
  readonly #requests: Schema<Frames<ClientFrameInit>, unknown>;
  readonly #answers: Schema<never, Frames<ServerFrame>>;
  readonly #event: typeof conversationEventSchema;

  constructor({ requests, answers, events }: FrameCases) {
    this.#requests = framesOf(withCases(clientFrameSchema, requests));
    this.#answers = framesOf(withCases(serverFrameSchema, answers));
    this.#event = withCases(conversationEventSchema, events);
  }

  /** One frame as ClientFrames. Throws for a request that is not among the cases. */
  encode(frame: ClientFrameInit): Uint8Array {
    return encodeAs(this.#requests, { frames: [frame] });
  }

  /** All of ServerFrames; a frame of an unknown kind has no body. Throws ProtobufError when the bytes are none. */
  decode(bytes: Uint8Array): readonly ServerFrame[] {
    return decodeAs(this.#answers, bytes).frames;
  }

  encodeEvent(event: ConversationEvent): Uint8Array {
    return encodeAs(this.#event, event);
  }

  /** Throws ProtobufError when the bytes are no event. */
  decodeEvent(bytes: Uint8Array): DecodedEvent {
    let isUnknown = false;
    const event = decodeAs(this.#event, bytes, (field) => {
      isUnknown ||= field >= firstCase;
    });
    return { event, isUnknown: isUnknown && event.body === undefined };
  }
}
