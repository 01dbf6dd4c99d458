import { staysOf } from './message-model.js';
import type { Anomaly, AnomalyType, Observations, StoredEvent } from './observations.js';

/** Something that was said about how far a user has read a conversation, in the order in which it was said. */
export interface ObservedReading {
  readonly user: string;
  readonly conversation: string;
  readonly readSeq: number;
  /**
   * `asked`: a device or the back end wants the cursor there. `acknowledged`: such a wish has been answered, and waited
   * until it was durable. `told`: a device was told so. `answered`: the server was asked.
   */
  readonly how: 'asked' | 'acknowledged' | 'told' | 'answered';
  /** Who heard it: what one observer is answered never goes back. */
  readonly observer: string;
}

/** How a conversation stands with a user in the end, as the server says. */
export interface ReadingAtRest {
  readonly user: string;
  readonly conversation: string;
  readonly readSeq: number;
  readonly unread: number;
}

/** What was seen of reading. */
export interface ReadingObservations extends Pick<Observations, 'history'> {
  readonly readings: readonly ObservedReading[];
  readonly atRest: readonly ReadingAtRest[];
}

/**
 * Finds every contradiction in what was read: cursors never go back and stand where somebody put them, what was
 * acknowledged or told survives, and unread is what the formula says.
 */
export function checkReading(observations: ReadingObservations): readonly Anomaly[] {
  return [...checkAnswers(observations), ...checkCursors(observations), ...checkUnread(observations)];
}

const anomaly = (type: AnomalyType, conversation: string, detail: string): Anomaly => ({ type, conversation, detail });

function* checkAnswers({ readings }: ReadingObservations): Generator<Anomaly> {
  const highest = new Map<string, number>();
  for (const { user, conversation, readSeq, how, observer } of readings) {
    if (how !== 'answered') continue;
    const key = `${observer} ${user} ${conversation}`;
    const before = highest.get(key) ?? 0;
    if (readSeq < before) yield anomaly('lost', conversation, `${observer} was answered that ${user} is at ${readSeq} after ${before}`);
    highest.set(key, Math.max(before, readSeq));
  }
}

function* checkCursors({ readings, atRest }: ReadingObservations): Generator<Anomaly> {
  for (const { user, conversation, readSeq } of atRest) {
    const own = readings.filter((reading) => reading.user === user && reading.conversation === conversation);
    const isCertain = ({ how }: ObservedReading): boolean => how !== 'asked';
    const highest = own.filter(isCertain).reduce<ObservedReading | undefined>(further, undefined);
    const asked = own.filter(({ how }) => how === 'asked').reduce<ObservedReading | undefined>(further, undefined)?.readSeq ?? 0;
    if (highest !== undefined && readSeq < highest.readSeq) {
      const { how, observer } = highest;
      yield anomaly('lost', conversation, `${user} had read up to ${highest.readSeq} (${how}, ${observer}), the server says ${readSeq}`);
    }
    if (readSeq > asked) yield anomaly('phantom', conversation, `${user} has read up to ${readSeq}, and asked for ${asked}`);
  }
}

const further = (one: ObservedReading | undefined, other: ObservedReading): ObservedReading =>
  one !== undefined && one.readSeq >= other.readSeq ? one : other;

/** Countable messages behind the last reading, the last own message and the beginning of the stay, whichever is last. */
function* checkUnread({ atRest, history }: ReadingObservations): Generator<Anomaly> {
  for (const { user, conversation, readSeq, unread } of atRest) {
    const events = history.get(conversation) ?? [];
    const expected = expectedUnread(user, conversation, { events, readSeq });
    if (unread !== expected)
      yield anomaly('miscounted', conversation, `${user}, who read up to ${readSeq}, has ${unread} unread, not ${expected}`);
  }
}

function expectedUnread(
  user: string,
  conversation: string,
  { events, readSeq }: { readonly events: readonly StoredEvent[]; readonly readSeq: number },
): number {
  const messages = events.filter(({ act, isNotice }) => act === undefined && isNotice !== true);
  const own = messages.findLast(({ sender }) => sender === user)?.seq ?? 0;
  const stay = staysOf(user, events).at(-1);
  if (conversation.startsWith('g:') && stay?.to !== Number.POSITIVE_INFINITY) return 0;
  const floor = Math.max(readSeq, own, stay?.from ?? 0);
  return messages.filter(({ seq }) => seq > floor).length;
}
