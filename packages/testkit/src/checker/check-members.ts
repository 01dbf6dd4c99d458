import { maySee, staysOf } from './message-model.js';
import type { Anomaly, AnomalyType, Observations, StoredEvent } from './observations.js';

/** A wish that somebody be in a group, or be out of it; those about one user in one group come one after the other. */
export interface ObservedPassage {
  readonly user: string;
  readonly conversation: string;
  readonly type: 'in' | 'out';
  readonly outcome: 'ok' | 'refused' | 'unknown';
}

/** What was seen of memberships in groups. */
export interface MemberObservations extends Pick<Observations, 'deliveries' | 'history'> {
  /** In their order. */
  readonly passages: readonly ObservedPassage[];
  /** Who is in each group in the end, as the server lists it. */
  readonly members: ReadonlyMap<string, readonly string[]>;
}

/**
 * Finds every contradiction to G10: nobody is handed what falls outside of their membership; who came and went is in the
 * conversation's order, each once; in the end those are in the group whom the order says, and whom the last answer says.
 */
export function checkMembers(observations: MemberObservations): readonly Anomaly[] {
  return [...checkDeliveries(observations), ...checkOrder(observations), ...checkEnd(observations)];
}

const anomaly = (type: AnomalyType, conversation: string, detail: string): Anomaly => ({ type, conversation, detail });

function* checkDeliveries({ deliveries, history }: MemberObservations): Generator<Anomaly> {
  const rights = new Map<string, (seq: number) => boolean>();
  for (const { device, user, conversation, seq } of deliveries) {
    if (seq === 0 || conversation.startsWith('r:')) continue;
    const key = `${user} ${conversation}`;
    const isSeen = rights.get(key) ?? maySee(user, conversation, staysOf(user, history.get(conversation) ?? []));
    rights.set(key, isSeen);
    if (!isSeen(seq)) yield anomaly('trespass', conversation, `${device} of ${user} was handed ${seq}`);
  }
}

/** Who comes was out, who goes was in, and each coming was wished for. */
function* checkOrder({ history, passages }: MemberObservations): Generator<Anomaly> {
  for (const [conversation, events] of history) {
    if (!conversation.startsWith('g:')) continue;
    const present = new Set<string>();
    const comings = new Map<string, number>();
    for (const { seq, members } of events) {
      for (const user of members?.joined ?? []) {
        if (present.has(user)) yield anomaly('unexplained', conversation, `${user} came at ${seq} and was there`);
        present.add(user);
        comings.set(user, (comings.get(user) ?? 0) + 1);
      }
      for (const user of members?.left ?? []) {
        if (!present.delete(user)) yield anomaly('unexplained', conversation, `${user} went at ${seq} and was not there`);
      }
    }
    yield* checkComings(conversation, passages, comings);
  }
}

function* checkComings(
  conversation: string,
  passages: readonly ObservedPassage[],
  comings: ReadonlyMap<string, number>,
): Generator<Anomaly> {
  const wishes = new Map<string, number>();
  for (const { user, type, outcome, conversation: where } of passages) {
    if (where === conversation && type === 'in' && outcome !== 'refused') wishes.set(user, (wishes.get(user) ?? 0) + 1);
  }
  for (const [user, wished] of wishes) {
    const came = comings.get(user) ?? 0;
    if (came > wished) yield anomaly('duplicate', conversation, `${user} came ${came} times, ${wished} were wished for`);
  }
}

function* checkEnd({ history, passages, members }: MemberObservations): Generator<Anomaly> {
  for (const [conversation, listed] of members) {
    const expected = presentIn(history.get(conversation) ?? []);
    if (JSON.stringify([...listed].sort()) !== JSON.stringify([...expected].sort())) {
      yield anomaly('divergent', conversation, `the server lists ${listed.join()}, by the order it is ${[...expected].join()}`);
    }
    const last = new Map(passages.filter((passage) => passage.conversation === conversation).map((passage) => [passage.user, passage]));
    for (const { user, type, outcome } of last.values()) {
      if (outcome !== 'ok' || expected.has(user) === (type === 'in')) continue;
      yield anomaly('lost', conversation, `${user} was told to be ${type}, and is not`);
    }
  }
}

function presentIn(events: readonly StoredEvent[]): ReadonlySet<string> {
  const present = new Set<string>();
  for (const { members } of events) {
    for (const user of members?.joined ?? []) present.add(user);
    for (const user of members?.left ?? []) present.delete(user);
  }
  return present;
}
