import type { SpeakingRules } from '@parley/wire';
import type { OpenRoom } from '../room.js';

/** Who may not speak in the room, as the router holds senders to it. */
export function speakingRulesOf(_room: OpenRoom, _nowMs: number): SpeakingRules {
  return { allMutedUntilMs: 0, exempt: [], muted: [], banned: [] };
}
