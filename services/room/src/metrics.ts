import type { Metrics } from '@parley/telemetry';

interface CountsUp {
  add(amount: number): void;
}

/** What operators see of rooms besides their commands. */
export interface RoomMetrics {
  /** Tallies that the router took, and those that are told again. */
  readonly talliesTaken: CountsUp;
  readonly talliesAgain: CountsUp;
  readonly presenceKnown: CountsUp;
  readonly presenceUnknown: CountsUp;
  readonly offline: CountsUp;
  readonly broadcasts: CountsUp;
}

export function createRoomMetrics(metrics: Metrics): RoomMetrics {
  const tallies = metrics.counter('parley_room_tallies_total', 'Tallies told, by result', ['result']);
  const presence = metrics.counter('parley_room_presence_queries_total', 'Questions who is connected, by result', ['result']);
  return {
    talliesTaken: tallies.with('taken'),
    talliesAgain: tallies.with('again'),
    presenceKnown: presence.with('known'),
    presenceUnknown: presence.with('unknown'),
    offline: metrics.counter('parley_room_offline_total', 'Members who left because they had no connection').with(),
    broadcasts: metrics.counter('parley_room_broadcasts_total', 'Rooms reached by messages to all rooms').with(),
  };
}
