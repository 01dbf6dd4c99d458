import { StreamCutter } from '../protocol/stream-cutter.js';

/** Told about the operations of a NATS server; the bytes are valid during the call only. */
export interface NatsSink {
  /** A message; `subjectEnd` is where its subject ends, which begins at `subjectAt`. */
  message(bytes: Uint8Array, place: NatsMessage): void;
  ping(): void;
  pong(): void;
  /** INFO, +OK or -ERR: the line without its end. */
  line(text: string): void;
}

export interface NatsMessage {
  subjectAt: number;
  subjectEnd: number;
  payloadAt: number;
  payloadEnd: number;
}

const space = 32;
const lineFeed = 10;
const codes = { m: 77, p: 80, i: 73, o: 79 } as const;

/** Cuts the bytes of a NATS server into operations (docs.nats.io, "Client Protocol"). */
export class NatsReader {
  readonly #sink: NatsSink;
  readonly #place: NatsMessage = { subjectAt: 0, subjectEnd: 0, payloadAt: 0, payloadEnd: 0 };
  readonly #cutter = new StreamCutter((bytes, at) => this.#readOne(bytes, at));

  constructor(sink: NatsSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes; the chunk may be used again afterwards. */
  push(chunk: Uint8Array): void {
    this.#cutter.push(chunk);
  }

  /** The position behind the operation at `at`; 0 while it is incomplete. */
  #readOne(bytes: Uint8Array, at: number): number {
    const lineEnd = bytes.indexOf(lineFeed, at);
    if (lineEnd < 0) return 0;
    if (bytes[at] === codes.m) return this.#readMessage(bytes, at, lineEnd);
    if (bytes[at] === codes.p && bytes[at + 1] === codes.i) this.#sink.ping();
    else if (bytes[at] === codes.p && bytes[at + 1] === codes.o) this.#sink.pong();
    else this.#sink.line(Buffer.from(bytes.subarray(at, lineEnd - 1)).toString());
    return lineEnd + 1;
  }

  /** `MSG <subject> <sid> [reply-to] <#bytes>`; the number is the last word. */
  #readMessage(bytes: Uint8Array, at: number, lineEnd: number): number {
    const place = this.#place;
    let length = 0;
    let scale = 1;
    for (let i = lineEnd - 2; bytes[i] !== space; i--) {
      length += ((bytes[i] ?? 48) - 48) * scale;
      scale *= 10;
    }
    place.subjectAt = at + 4;
    place.payloadAt = lineEnd + 1;
    place.payloadEnd = place.payloadAt + length;
    if (bytes.length < place.payloadEnd + 2) return 0;
    place.subjectEnd = bytes.indexOf(space, place.subjectAt);
    this.#sink.message(bytes, place);
    return place.payloadEnd + 2;
  }
}
