import { encodeWith, ProtobufReader } from '@parley/kernel';
import {
  type CaseReader,
  type CaseWriter,
  type ClientFrameInit,
  type ConversationEvent,
  readConversationEventWith,
  readServerFrameWith,
  type ServerFrame,
  writeClientFrameWith,
} from '@parley/wire';
import { ParleyClientError } from '../client-error.js';

/** What a client can say and understand; the rest of the protocol is not in its bundle. */
export interface FrameCases {
  readonly requests: readonly CaseWriter[];
  readonly answers: readonly CaseReader[];
  readonly events: readonly CaseReader[];
}

/** An event, and whether it has a body that this client does not understand. Without any body it is withheld. */
export interface DecodedEvent {
  readonly event: ConversationEvent;
  readonly isUnknown: boolean;
}

/** Field `frames` of ClientFrames and ServerFrames: number 1, length-delimited. */
const framesTag = 10;
/** Cases of an event begin with this field; tags below are of fields that are not of the oneof. */
const firstCaseTag = 10 << 3;

/** Encodes and decodes what travels, as far as its cases go. */
export class FrameCodec {
  readonly #requests: ReadonlyMap<string, CaseWriter>;
  readonly #answers: ReadonlyMap<number, CaseReader>;
  readonly #events: ReadonlyMap<number, CaseReader>;

  constructor({ requests, answers, events }: FrameCases) {
    this.#requests = new Map(requests.map((known) => [known.type, known]));
    this.#answers = byTag(answers);
    this.#events = byTag(events);
  }

  /** Whether requests of the type can be written. */
  canWrite(type: string): boolean {
    return this.#requests.has(type);
  }

  /** One frame as ClientFrames. Throws UNSUPPORTED for a request that is not among the cases. */
  encode(frame: ClientFrameInit): Uint8Array {
    return encodeWith((writer) => {
      writer.writeTag(framesTag);
      const at = writer.fork();
      writeClientFrameWith((type) => this.#requestOf(type), writer, frame);
      writer.join(at);
    }, undefined);
  }

  /** All of ServerFrames; a frame of an unknown kind has no body. Throws ProtobufError when the bytes are none. */
  decode(bytes: Uint8Array): readonly ServerFrame[] {
    const frames: ServerFrame[] = [];
    const reader = new ProtobufReader(bytes);
    while (reader.pos < reader.end) {
      const tag = reader.readTag();
      if (tag === framesTag) frames.push(readServerFrameWith((of) => this.#answers.get(of), reader, reader.enter()));
      else reader.skip(tag);
    }
    return frames;
  }

  /** Throws ProtobufError when the bytes are no event. */
  decodeEvent(bytes: Uint8Array): DecodedEvent {
    const reader = new ProtobufReader(bytes);
    let isUnknown = false;
    const find = (tag: number): CaseReader | undefined => {
      const known = this.#events.get(tag);
      if (known === undefined && tag >= firstCaseTag) isUnknown = true;
      return known;
    };
    const event = readConversationEventWith(find, reader, reader.end);
    return { event, isUnknown: isUnknown && event.body === undefined };
  }

  #requestOf(type: string): CaseWriter {
    const known = this.#requests.get(type);
    if (known === undefined) throw ParleyClientError.of('UNSUPPORTED', `${type} is not part of this client`);
    return known;
  }
}

const byTag = (cases: readonly CaseReader[]): ReadonlyMap<number, CaseReader> => new Map(cases.map((known) => [known.tag, known]));
