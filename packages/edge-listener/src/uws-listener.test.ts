import { describe, it } from '@jest/globals';
import { edgeListenerContract } from './contract/index.js';
import { openEdgeListener } from './open-edge-listener.js';
import { probeEdgeImplementations } from './probe.js';

const uws = probeEdgeImplementations().find((probe) => probe.implementation === 'uws');

if (uws?.isAvailable === true) {
  edgeListenerContract('uws', (options) => openEdgeListener(options, { implementation: 'uws' }));
} else {
  describe('edge listener: uws', () => {
    it.skip(`does not load here: ${uws?.detail ?? ''}`, () => {});
  });
}
