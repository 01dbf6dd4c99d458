import { type Changes, changesIn, isSameAct } from './changes.js';
import type { Anomaly, AnomalyType, ObservedDelivery, ObservedSend, Observations, StoredEvent } from './observations.js';

/**
 * Finds everything in a run that contradicts the guarantees G1–G6, for messages and for acts on them. An empty answer
 * means that the observations can be explained by one order of each conversation.
 */
export function checkHistory(observations: Observations): readonly Anomaly[] {
  const changes = changesIn(observations);
  return [
    ...checkDensity(observations),
    ...checkPlaces(observations, changes),
    ...checkOrigins(observations, changes),
    ...checkOrder(observations),
    ...checkDeliveries(observations, changes),
    ...checkCompleteness(observations),
  ];
}

const sendId = ({ sender, conversation, clientMsgId }: { sender: string; conversation: string; clientMsgId: string }): string =>
  `${conversation} ${sender} ${clientMsgId}`;

const anomaly = (type: AnomalyType, conversation: string, detail: string): Anomaly => ({ type, conversation, detail });

function eventAt({ history }: Observations, conversation: string, seq: number): StoredEvent | undefined {
  const event = history.get(conversation)?.[seq - 1];
  return event?.seq === seq ? event : history.get(conversation)?.find((each) => each.seq === seq);
}

function* checkDensity({ history }: Observations): Generator<Anomaly> {
  for (const [conversation, events] of history) {
    for (const [index, event] of events.entries()) {
      if (event.seq === index + 1) continue;
      yield anomaly('gap', conversation, `place ${index + 1} holds seq ${event.seq}`);
      break;
    }
  }
}

/** G1, G4: what was acknowledged has its place, and no send has two. */
function* checkPlaces(observations: Observations, changes: Changes): Generator<Anomaly> {
  for (const send of observations.sends) {
    if (send.outcome.type !== 'ok' || send.outcome.seq === 0) continue;
    const event = eventAt(observations, send.conversation, send.outcome.seq);
    if (event === undefined) yield anomaly('lost', send.conversation, `${sendId(send)} acknowledged at ${send.outcome.seq}`);
    else if (!isStored(send, event, changes)) {
      yield anomaly('divergent', send.conversation, `seq ${event.seq}: acknowledged ${send.clientMsgId}, stored ${inWords(event)}`);
    }
  }
  for (const [conversation, places] of placesOf(observations)) {
    const first = new Map<string, number>();
    for (const [seq, id] of places) {
      const earlier = first.get(id);
      if (earlier !== undefined) yield anomaly('duplicate', conversation, `${id} at ${earlier} and ${seq}`);
      first.set(id, seq);
    }
  }
}

/** A message may be something else by now, where somebody changed it; an act never is. */
function isStored(send: ObservedSend, event: StoredEvent, changes: Changes): boolean {
  if (event.sender !== send.sender || !isSameAct(send.act, event.act)) return false;
  if (changes.isRemoved(send.conversation, event.seq)) return event.body === '';
  return (
    event.clientMsgId === send.clientMsgId && (event.body === send.body || changes.textsOf(send.conversation, event.seq).has(event.body))
  );
}

const inWords = ({ clientMsgId, sender, body, act }: StoredEvent): string =>
  act === undefined ? `${clientMsgId} of ${sender} "${body}"` : `${clientMsgId} of ${sender} ${JSON.stringify(act)}`;

/** What has which place, by conversation. Of what is gone only those who were handed it, or an answer, know. */
function placesOf({ sends, deliveries, history }: Observations): Map<string, Map<number, string>> {
  const places = new Map<string, Map<number, string>>();
  const note = (conversation: string, seq: number, of: { readonly sender: string; readonly clientMsgId: string }): void => {
    if (seq === 0 || of.clientMsgId === '') return;
    const known = places.get(conversation) ?? new Map<number, string>();
    places.set(conversation, known.set(seq, sendId({ ...of, conversation })));
  };
  for (const send of sends) if (send.outcome.type === 'ok') note(send.conversation, send.outcome.seq, send);
  for (const delivery of deliveries) note(delivery.conversation, delivery.seq, delivery);
  for (const [conversation, events] of history) for (const event of events) note(conversation, event.seq, event);
  return places;
}

/** G6: nothing is stored that nobody sent, or that was refused for good. */
function* checkOrigins({ sends, history }: Observations, changes: Changes): Generator<Anomaly> {
  const byId = new Map<string, ObservedSend[]>();
  for (const send of sends) byId.set(sendId(send), [...(byId.get(sendId(send)) ?? []), send]);
  for (const [conversation, events] of history) {
    for (const event of events) {
      if (event.sender === '' || event.clientMsgId === '') continue;
      const id = sendId({ ...event, conversation });
      const origins = byId.get(id);
      if (origins === undefined) yield anomaly('phantom', conversation, `${id} at ${event.seq} was never sent`);
      else if (origins.every(({ outcome }) => outcome.type === 'refused')) yield anomaly('phantom', conversation, `${id} was refused`);
      else if (!origins.some((send) => isStored(send, event, changes))) yield anomaly('divergent', conversation, `${id} has another body`);
    }
  }
}

/** G3: acknowledged before invoked means before in the order; one device's sends of one priority keep theirs. */
function* checkOrder({ sends, history }: Observations): Generator<Anomaly> {
  const placeOf = new Map<string, number>();
  for (const [conversation, events] of history) for (const event of events) placeOf.set(sendId({ ...event, conversation }), event.seq);
  const placed = sends.flatMap((send) => {
    // Of what is gone history does not tell whose send it was.
    const seq = placeOf.get(sendId(send)) ?? (send.outcome.type === 'ok' && send.outcome.seq > 0 ? send.outcome.seq : undefined);
    return seq === undefined ? [] : [{ send, seq }];
  });
  for (const group of groupBy(placed, ({ send }) => send.conversation).values()) {
    const byInvocation = group.toSorted((a, b) => a.send.invokedAt - b.send.invokedAt);
    yield* checkRealTime(byInvocation);
    for (const line of groupBy(byInvocation, ({ send }) => `${send.device} ${send.priority}`).values()) yield* checkLine(line);
  }
}

interface Placed {
  readonly send: ObservedSend;
  readonly seq: number;
}

function* checkRealTime(byInvocation: readonly Placed[]): Generator<Anomaly> {
  const acknowledged = byInvocation
    .flatMap(({ send }) => (send.outcome.type === 'ok' && send.outcome.seq > 0 ? [{ at: send.outcome.at, seq: send.outcome.seq }] : []))
    .toSorted((a, b) => a.at - b.at);
  let next = 0;
  let highest = 0;
  for (const { send, seq } of byInvocation) {
    for (let ack = acknowledged[next]; ack !== undefined && ack.at < send.invokedAt; ack = acknowledged[++next]) {
      highest = Math.max(highest, ack.seq);
    }
    if (seq < highest)
      yield anomaly('reordered', send.conversation, `${send.clientMsgId} at ${seq} was sent after ${highest} was acknowledged`);
  }
}

function* checkLine(line: readonly Placed[]): Generator<Anomaly> {
  let last = 0;
  for (const { send, seq } of line) {
    if (seq < last)
      yield anomaly('reordered', send.conversation, `${send.device} sent ${send.clientMsgId} (${send.priority}, ${seq}) after ${last}`);
    if (send.wasPostponed !== true) last = Math.max(last, seq);
  }
}

/** G2, G4, G5: every device sees rising seqs, each once, with the content that history has. */
function* checkDeliveries(observations: Observations, changes: Changes): Generator<Anomaly> {
  for (const line of groupBy(observations.deliveries, ({ device, conversation }) => `${device} ${conversation}`).values()) {
    const seen = new Set<number>();
    let last = 0;
    for (const delivery of line) {
      if (delivery.seq === 0) continue;
      const { conversation, device, seq } = delivery;
      if (seen.has(seq)) yield anomaly('duplicate', conversation, `${device} was handed ${seq} twice`);
      else if (seq < last) yield anomaly('reordered', conversation, `${device} was handed ${seq} after ${last}`);
      seen.add(seq);
      last = Math.max(last, seq);
      yield* checkContent(observations, delivery, changes);
    }
  }
}

function* checkContent(observations: Observations, delivery: ObservedDelivery, changes: Changes): Generator<Anomaly> {
  const { conversation, device, seq, clientMsgId } = delivery;
  const event = eventAt(observations, conversation, seq);
  if (event === undefined) yield anomaly('phantom', conversation, `${device} was handed ${seq}, which history does not have`);
  else if (isRewordedSince(observations, delivery)) return;
  else if (event.sender !== delivery.sender || !isHanded(event, delivery, changes)) {
    yield anomaly('divergent', conversation, `${device} saw ${clientMsgId} at ${seq} "${delivery.body}", history has ${inWords(event)}`);
  }
}

/** Who has left finds an empty place where a message was put into other words since. */
function isRewordedSince({ entitlements, history }: Observations, delivery: ObservedDelivery): boolean {
  const { conversation, device, seq, sender, clientMsgId, body, act } = delivery;
  if (sender !== '' || clientMsgId !== '' || body !== '' || act !== undefined) return false;
  const stay = entitlements.find(
    (each) => each.device === device && each.conversation === conversation && each.from <= seq && seq <= each.to,
  );
  if (stay === undefined) return false;
  const events = history.get(conversation) ?? [];
  return events.some((event) => event.seq > stay.to && event.act?.type === 'edit' && event.act.target === seq);
}

/** As it is now, or as it was before it was changed. */
function isHanded(event: StoredEvent, { conversation, seq, clientMsgId, body, act }: ObservedDelivery, changes: Changes): boolean {
  if (!isSameAct(act, event.act)) return false;
  const isRemoved = changes.isRemoved(conversation, seq);
  const isGone = clientMsgId === '' && body === '' && act === undefined;
  if (isGone) return isRemoved;
  if (clientMsgId !== event.clientMsgId && !isRemoved) return false;
  return body === event.body || changes.textsOf(conversation, seq).has(body) || changes.firstTextAt(conversation, seq) === body;
}

/** G5, G8: in the end everybody has everything. */
function* checkCompleteness({ entitlements, deliveries, history }: Observations): Generator<Anomaly> {
  const handed = new Set(deliveries.map(({ device, conversation, seq }) => `${device} ${conversation} ${seq}`));
  for (const { device, conversation, from, to } of entitlements) {
    for (const event of history.get(conversation) ?? []) {
      if (event.seq < from || event.seq > to || event.isNotice === true || (event.clientMsgId === '' && event.body !== '')) continue;
      if (!handed.has(`${device} ${conversation} ${event.seq}`)) {
        yield anomaly('missing', conversation, `${device} was never handed ${event.seq}`);
      }
    }
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
