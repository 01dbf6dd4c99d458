import { type Address, dialog } from './loopback.js';

/** Consistency levels of the native protocol. */
export const consistency = { one: 0x0001, all: 0x0005 } as const;

const opcode = { startup: 0x01, query: 0x07, result: 0x08 } as const;

/** Whether a query succeeds, asked over the native protocol (version 4, sections 2 and 4.1). */
export function answersQuery(address: Address, query: string, level: number): Promise<boolean> {
  const startup = Buffer.concat([int16(1), shortString('CQL_VERSION'), shortString('3.0.0')]);
  const text = Buffer.from(query);
  const body = Buffer.concat([int32(text.length), text, int16(level), Buffer.of(0)]);
  const frameLength = (bytes: Buffer): number => (bytes.length < 9 ? 9 : 9 + bytes.readInt32BE(5));
  return dialog(address, frameLength, async (ask) => {
    await ask(frame(opcode.startup, startup));
    const reply = await ask(frame(opcode.query, body));
    return reply[4] === opcode.result;
  });
}

const frame = (operation: number, body: Buffer): Buffer => Buffer.concat([Buffer.of(4, 0, 0, 0, operation), int32(body.length), body]);
const int16 = (value: number): Buffer => Buffer.of(value >> 8, value & 0xff);
const int32 = (value: number): Buffer => Buffer.of(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
const shortString = (text: string): Buffer => Buffer.concat([int16(text.length), Buffer.from(text)]);
