/** How one message type is made, encoded and decoded. Generated, one per message. */
export interface Codec<Init, Message> {
  /** Fully qualified protobuf name. */
  readonly typeName: string;
  /** Fills absent fields with their zero value. */
  create(init: Init): Message;
  encode(init: Init): Uint8Array;
  /** Throws ProtobufError when the bytes are no such message. */
  decode(bytes: Uint8Array): Message;
}
