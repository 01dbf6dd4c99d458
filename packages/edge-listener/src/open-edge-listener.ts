import type { EdgeListener, EdgeListenerOptions } from './port.js';
import { openUwsListener } from './uws-listener.js';
import { loadUws } from './uws-native.js';
import { openWsListener } from './ws-listener.js';

export interface EdgeChoice {
  /** `auto` (the default) takes uWebSockets.js where its binary loads and `ws` otherwise. */
  readonly implementation?: 'auto' | 'uws' | 'ws';
  /** Told why `auto` came down to `ws`. */
  readonly onFallback?: (reason: string) => void;
}

/** Begins to listen. Rejects when the port cannot be bound, or when `uws` was demanded and does not load. */
export async function openEdgeListener(options: EdgeListenerOptions, choice: EdgeChoice = {}): Promise<EdgeListener> {
  const implementation = choice.implementation ?? 'auto';
  if (implementation === 'ws') return openWsListener(options);
  const uws = loadUws();
  if (uws.ok) return openUwsListener(uws.module, options);
  if (implementation === 'uws') throw new Error(`uWebSockets.js does not load: ${uws.reason}`);
  choice.onFallback?.(uws.reason);
  return openWsListener(options);
}
