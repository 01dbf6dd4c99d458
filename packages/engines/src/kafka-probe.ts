import { dialog } from './loopback.js';

const metadataRequestV1 = Buffer.from('0000000e0003000100000001ffff00000000', 'hex');

/** The ids in a broker's Metadata answer (version 1): the brokers that it knows as registered and unfenced. */
export async function liveBrokers(port: number): Promise<readonly number[]> {
  const frameLength = (bytes: Buffer): number => (bytes.length < 4 ? 4 : 4 + bytes.readInt32BE(0));
  const reply = await dialog({ host: '127.0.0.1', port }, frameLength, (ask) => ask(metadataRequestV1));
  const ids: number[] = [];
  let at = 12; // past length, correlation id and broker count
  for (let left = reply.readInt32BE(8); left > 0; left -= 1) {
    ids.push(reply.readInt32BE(at));
    at += 4 + 2 + reply.readInt16BE(at + 4) + 4; // id, host, port
    at += 2 + Math.max(0, reply.readInt16BE(at)); // rack, or null
  }
  return ids;
}
