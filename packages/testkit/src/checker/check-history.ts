import type { Anomaly, AnomalyType, ObservedDelivery, ObservedSend, Observations, StoredEvent } from './observations.js';

/**
 * Finds everything in a run that contradicts the guarantees G1–G6. An empty answer means that the
 * observations can be explained by one order of each conversation.
 */
export function checkHistory(observations: Observations): readonly Anomaly[] {
  return [
    ...checkDensity(observations),
    ...checkPlaces(observations),
    ...checkOrigins(observations),
    ...checkOrder(observations),
    ...checkDeliveries(observations),
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
function* checkPlaces(observations: Observations): Generator<Anomaly> {
  for (const send of observations.sends) {
    if (send.outcome.type !== 'ok' || send.outcome.seq === 0) continue;
    const event = eventAt(observations, send.conversation, send.outcome.seq);
    if (event === undefined) yield anomaly('lost', send.conversation, `${sendId(send)} acknowledged at ${send.outcome.seq}`);
    else if (event.clientMsgId !== send.clientMsgId || event.sender !== send.sender || event.body !== send.body) {
      yield anomaly('divergent', send.conversation, `seq ${event.seq}: acknowledged ${send.clientMsgId}, stored ${event.clientMsgId}`);
    }
  }
  for (const [conversation, events] of observations.history) {
    const seen = new Map<string, number>();
    for (const event of events) {
      if (event.clientMsgId === '') continue;
      const id = sendId({ ...event, conversation });
      const first = seen.get(id);
      if (first !== undefined) yield anomaly('duplicate', conversation, `${id} at ${first} and ${event.seq}`);
      seen.set(id, event.seq);
    }
  }
}

/** G6: nothing is stored that nobody sent, or that was refused for good. */
function* checkOrigins({ sends, history }: Observations): Generator<Anomaly> {
  const byId = new Map<string, ObservedSend[]>();
  for (const send of sends) byId.set(sendId(send), [...(byId.get(sendId(send)) ?? []), send]);
  for (const [conversation, events] of history) {
    for (const event of events) {
      if (event.sender === '' || event.clientMsgId === '') continue;
      const id = sendId({ ...event, conversation });
      const origins = byId.get(id);
      if (origins === undefined) yield anomaly('phantom', conversation, `${id} at ${event.seq} was never sent`);
      else if (origins.every(({ outcome }) => outcome.type === 'refused')) yield anomaly('phantom', conversation, `${id} was refused`);
      else if (!origins.some(({ body }) => body === event.body)) yield anomaly('divergent', conversation, `${id} has another body`);
    }
  }
}

/** G3: acknowledged before invoked means before in the order; one device's sends of one priority keep theirs. */
function* checkOrder({ sends, history }: Observations): Generator<Anomaly> {
  const placeOf = new Map<string, number>();
  for (const [conversation, events] of history) for (const event of events) placeOf.set(sendId({ ...event, conversation }), event.seq);
  const placed = sends.flatMap((send) => {
    const seq = placeOf.get(sendId(send));
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
function* checkDeliveries(observations: Observations): Generator<Anomaly> {
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
      yield* checkContent(observations, delivery);
    }
  }
}

function* checkContent(observations: Observations, delivery: ObservedDelivery): Generator<Anomaly> {
  const { conversation, device, seq } = delivery;
  const event = eventAt(observations, conversation, seq);
  if (event === undefined) yield anomaly('phantom', conversation, `${device} was handed ${seq}, which history does not have`);
  else if (event.clientMsgId !== delivery.clientMsgId || event.sender !== delivery.sender || event.body !== delivery.body) {
    yield anomaly('divergent', conversation, `${device} saw ${delivery.clientMsgId} at ${seq}, history has ${event.clientMsgId}`);
  }
}

/** G5, G8: in the end everybody has everything. */
function* checkCompleteness({ entitlements, deliveries, history }: Observations): Generator<Anomaly> {
  const handed = new Set(deliveries.map(({ device, conversation, seq }) => `${device} ${conversation} ${seq}`));
  for (const { device, conversation, from, to } of entitlements) {
    for (const event of history.get(conversation) ?? []) {
      if (event.seq < from || event.seq > to || event.clientMsgId === '') continue;
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
