import { edgeListenerContract } from './contract/index.js';
import { openEdgeListener } from './open-edge-listener.js';

edgeListenerContract('ws', (options) => openEdgeListener(options, { implementation: 'ws' }));
