import type { BenchSettings } from './workload.js';

/** What a server lets one client send with HIGH priority by default, per second. */
const highPerClientMax = 5;
/** What a room takes by default, per second. */
const roomRateDefault = 200;
/** Of a room's rate, what LOW and MEDIUM may use together: the rest is left for HIGH whatever they do. */
const highShareMin = 0.5;

/** Why a server may refuse urgent messages though it has room for them: the generator offers more than a quota allows. */
export function quotaDoubts(settings: BenchSettings, offeredPerSecond: number): readonly string[] {
  const { rooms, members, high, roomRate } = settings;
  const highPerSecond = (offeredPerSecond * high) / 100;
  const perClient = highPerSecond / (rooms * members);
  const perRoom = highPerSecond / rooms;
  const perRoomMax = (roomRate === 0 ? roomRateDefault : roomRate) * highShareMin;
  return [
    ...(perClient > highPerClientMax ? [`${perClient.toFixed(1)} HIGH messages/s of each client: more than a client may send`] : []),
    ...(perRoom > perRoomMax ? [`${perRoom.toFixed(0)} HIGH messages/s in each room: more than a room takes for sure`] : []),
  ];
}
