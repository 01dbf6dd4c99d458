import { AssignerProtocol } from 'kafkajs';
import type { Holder } from './share-out.js';

/** The name of our way of sharing out: equal numbers of all topics go to one member. All members must use it. */
export const assignerName = 'parley-equal-numbers';

/** What a member tells the one who shares out. */
export function encodeSubscription(topics: readonly string[], { generation, held }: Omit<Holder, 'memberId'>): Buffer {
  const userData = Buffer.from(JSON.stringify({ generation, held }));
  return AssignerProtocol.MemberMetadata.encode({ version: 1, topics: [...topics], userData });
}

/** A member as the others describe it; what cannot be read counts as holding nothing. */
export function decodeHolder(memberId: string, metadata: Buffer): Holder {
  const userData: unknown = parseJson(AssignerProtocol.MemberMetadata.decode(metadata)?.userData);
  const nothing = { memberId, generation: -1, held: [] };
  if (typeof userData !== 'object' || userData === null) return nothing;
  if (!('generation' in userData) || typeof userData.generation !== 'number') return nothing;
  if (!('held' in userData) || !Array.isArray(userData.held)) return nothing;
  const held = userData.held.filter((number): number is number => Number.isInteger(number));
  return { memberId, generation: userData.generation, held };
}

/** A member's share, written for every topic, as tools of Kafka expect it. */
export function encodeAssignment(topics: readonly string[], partitions: readonly number[]): Buffer {
  const assignment = Object.fromEntries(topics.map((topic) => [topic, [...partitions]]));
  return AssignerProtocol.MemberAssignment.encode({ version: 1, assignment, userData: Buffer.alloc(0) });
}

/** The partition numbers of a share. */
export function decodeAssignment(bytes: Buffer): readonly number[] {
  const assignment = bytes.length > 0 ? AssignerProtocol.MemberAssignment.decode(bytes)?.assignment : undefined;
  const [partitions = []] = Object.values(assignment ?? {});
  return [...partitions].sort((a, b) => a - b);
}

function parseJson(bytes: Buffer | undefined): unknown {
  try {
    return bytes ? JSON.parse(bytes.toString()) : undefined;
  } catch {
    return undefined;
  }
}
