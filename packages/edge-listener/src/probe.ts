import { loadUws } from './uws-native.js';

/** Whether an implementation can serve on this machine. */
export interface EdgeProbe {
  readonly implementation: 'uws' | 'ws';
  readonly isAvailable: boolean;
  /** The package that serves it, or why it does not load. */
  readonly detail: string;
}

/** Tries to load every implementation, the preferred one first. */
export function probeEdgeImplementations(): readonly EdgeProbe[] {
  const uws = loadUws();
  return [
    { implementation: 'uws', isAvailable: uws.ok, detail: uws.ok ? uws.source : uws.reason },
    { implementation: 'ws', isAvailable: true, detail: 'ws' },
  ];
}
