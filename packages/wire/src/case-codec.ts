import type { ProtobufReader, ProtobufWriter } from '@parley/kernel';

/** How one case of a oneof is read. Whoever carries a part of the protocol makes a table of those. */
export interface CaseReader {
  /** Name of the case. */
  readonly type: string;
  /** Field number and wire type, as they stand before the value. */
  readonly tag: number;
  read(reader: ProtobufReader): unknown;
}

/** How one case of a oneof is written. */
export interface CaseWriter {
  readonly type: string;
  readonly tag: number;
  write(writer: ProtobufWriter, value: never): void;
}
