import { decodeWith, emptyBytes, encodeWith, type Codec, type ProtobufReader, type ProtobufWriter } from '@parley/kernel';

/** The one message of the contract suite. */
export interface Echo {
  readonly text: string;
  readonly number: number;
  readonly body: Uint8Array;
}

/** What an Echo is made from. */
export interface EchoInit {
  readonly text?: string | undefined;
  readonly number?: number | undefined;
  readonly body?: Uint8Array | undefined;
}

function writeEcho(writer: ProtobufWriter, init: EchoInit): void {
  if (init.text !== undefined && init.text !== '') {
    writer.writeTag(10);
    writer.writeString(init.text);
  }
  if (init.number !== undefined && init.number !== 0) {
    writer.writeTag(16);
    writer.writeUint64(init.number);
  }
  if (init.body !== undefined && init.body.length > 0) {
    writer.writeTag(26);
    writer.writeBytes(init.body);
  }
}

function readEcho(reader: ProtobufReader, end: number): Echo {
  let text = '';
  let number = 0;
  let body = emptyBytes;
  while (reader.pos < end) {
    const tag = reader.readTag();
    if (tag === 10) text = reader.readString();
    else if (tag === 16) number = reader.readUint64();
    else if (tag === 26) body = reader.readBytes();
    else reader.skip(tag);
  }
  return { text, number, body };
}

/** Codec of the contract suite's message, shaped like a generated one. */
export const Echo: Codec<EchoInit, Echo> = {
  typeName: 'parley.test.v1.Echo',
  create: (init) => ({ text: init.text ?? '', number: init.number ?? 0, body: init.body ?? emptyBytes }),
  encode: (init) => encodeWith(writeEcho, init),
  decode: (bytes) => decodeWith(readEcho, bytes),
};

/** A service with one method of each kind. */
export const EchoService = {
  typeName: 'parley.test.v1.EchoService',
  methods: {
    say: { name: 'Say', kind: 'unary', request: Echo, response: Echo },
    chat: { name: 'Chat', kind: 'bidi', request: Echo, response: Echo },
  },
} as const;

/** The same service as a newer caller knows it. */
export const NewerEchoService = {
  typeName: 'parley.test.v1.EchoService',
  methods: {
    shout: { name: 'Shout', kind: 'unary', request: Echo, response: Echo },
    sing: { name: 'Sing', kind: 'bidi', request: Echo, response: Echo },
  },
} as const;

/** A service that nobody serves. */
export const AbsentService = {
  typeName: 'parley.test.v1.AbsentService',
  methods: { say: { name: 'Say', kind: 'unary', request: Echo, response: Echo } },
} as const;
