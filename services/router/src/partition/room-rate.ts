import type { Clock } from '@parley/kernel';
import { laneOf, type PolicyBook, SliceQuota } from '@parley/lanes';
import type { ConversationState } from './conversation-state.js';

export interface RoomRateDeps {
  readonly clock: Clock;
  readonly policies: PolicyBook;
}

/**
 * Takes one from what a room takes, however many gateways its members are at, where the conversation is a room: answers 0,
 * or the milliseconds until it takes more.
 */
export function takeRoomRate({ clock, policies }: RoomRateDeps, state: ConversationState, priority: number): number {
  if (state.conversation.type !== 'room') return 0;
  const level = laneOf(priority);
  if (level === 'system') return 0;
  const now = clock.monotonic();
  state.quota ??= new SliceQuota(now);
  return state.quota.take(policies.policyOf(state.app).room, level, now);
}
