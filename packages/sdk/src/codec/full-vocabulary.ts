import { actKind } from './act-kind.js';
import { allCases } from './all-cases.js';
import { allEvents } from './all-events.js';
import type { Vocabulary } from './vocabulary.js';

/** Everything that the protocol has for clients. */
export const fullVocabulary: Vocabulary = { ...allCases, events: allEvents, acts: actKind };
