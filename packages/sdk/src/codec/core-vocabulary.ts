import { coreCases } from './core-cases.js';
import { coreEvents } from './core-events.js';
import type { Vocabulary } from './vocabulary.js';

/** Connecting, messages and rooms: what the small bundle is for. */
export const coreVocabulary: Vocabulary = { ...coreCases, events: coreEvents };
