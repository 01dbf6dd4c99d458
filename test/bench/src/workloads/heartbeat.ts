import type { CancelTimer, Clock } from '@parley/kernel';
import type { ChatClient } from '../chat/chat-server.js';

/** What servers ask of clients by default. */
const heartbeatMs = 10_000;
const slices = 200;

/** Lets every client send a ping each ten seconds, spread evenly. The returned function ends it. */
export function startHeartbeats(clients: readonly ChatClient[], clock: Clock): CancelTimer {
  let slice = 0;
  let cancel: CancelTimer = () => undefined;
  const tick = (): void => {
    for (let i = slice; i < clients.length; i += slices) clients[i]?.ping();
    slice = (slice + 1) % slices;
    cancel = clock.setTimer(heartbeatMs / slices, tick);
  };
  tick();
  return () => cancel();
}
