import type { Level } from '../chat/chat-server.js';
import type { MessagePlan } from '../measure/level-row.js';
import type { BenchSettings } from './workload.js';

/** From 0 to 99, neighbours far apart: the upper bits of Knuth's multiplicative hash, whose lower ones repeat. */
const spread = (n: number): number => Math.floor(((Math.imul(n, 2_654_435_761) >>> 0) * 100) / 2 ** 32);

/**
 * One room after the other, in each its members in turn. Levels are spread over messages independently of both, the
 * same in every run.
 */
export function overloadPlan({ rooms, members, high, low }: Pick<BenchSettings, 'rooms' | 'members' | 'high' | 'low'>): MessagePlan {
  const levelOf = (n: number): Level => {
    const percent = spread(n);
    if (percent < high) return 'high';
    return percent < high + low ? 'low' : 'medium';
  };
  return {
    clients: rooms * members,
    rooms,
    receivers: members - 1,
    isTransient: (level) => level === 'low',
    levelOf,
    roomOf: (n) => n % rooms,
    senderOf: (n) => (n % rooms) * members + (Math.floor(n / rooms) % members),
    roomOfClient: (client) => Math.floor(client / members),
  };
}
