import { changesIn } from './changes.js';
import { maySee, MessageModel, staysOf } from './message-model.js';
import type { Anomaly, AnomalyType, MessageAct, MessageView, Observations, SeenMessage, StoredEvent } from './observations.js';

/** What was seen of messages and of what became of them. */
export interface StateObservations extends Pick<Observations, 'sends' | 'deliveries' | 'history'> {
  /** Of the server, and of every device that has come to rest. */
  readonly views: readonly MessageView[];
}

/**
 * Finds every contradiction to G2 and G8 in what has become of messages: the order of each conversation says what each
 * message is after everything that was done to it, and everybody shows it so, the server first. Each act that has a place
 * changes something there. Observers in a group are held to messages of which they saw everything.
 */
export function checkStates(observations: StateObservations): readonly Anomaly[] {
  return [...checkEffects(observations), ...checkRefusals(observations), ...checkViews(observations)];
}

const anomaly = (type: AnomalyType, conversation: string, detail: string): Anomaly => ({ type, conversation, detail });

type Chronicle = ReadonlyMap<string, readonly StoredEvent[]>;

/** The events with the texts that were said, as far as anybody knows them, whatever history has left of them. */
function chronicleOf(observations: StateObservations): Chronicle {
  const { sends, history } = observations;
  const changes = changesIn(observations);
  const edits = new Map<string, string>();
  for (const { conversation, sender, clientMsgId, act } of sends) {
    if (act?.type === 'edit') edits.set(`${conversation} ${sender} ${clientMsgId}`, act.text);
  }
  return new Map(
    [...history].map(([conversation, events]) => [
      conversation,
      events.map((event): StoredEvent => {
        const { seq, sender, clientMsgId, act } = event;
        if (act?.type === 'edit')
          return { ...event, act: { ...act, text: edits.get(`${conversation} ${sender} ${clientMsgId}`) ?? act.text } };
        return isMessage(event) ? { ...event, body: changes.firstTextAt(conversation, seq) ?? event.body } : event;
      }),
    ]),
  );
}

const isMessage = ({ act, isNotice }: StoredEvent): boolean => act === undefined && isNotice !== true;

function* checkEffects(observations: StateObservations): Generator<Anomaly> {
  for (const [conversation, events] of chronicleOf(observations)) {
    const model = new MessageModel();
    for (const { seq, sender, body, act, isNotice } of events) {
      if (isNotice === true) continue;
      if (act === undefined) model.say(seq, sender, body);
      else if (!model.act(sender, act)) yield anomaly('unexplained', conversation, `${sender} at ${seq}: ${inWords(act)} changes nothing`);
    }
  }
}

/** An act on a message that is not there is refused, on one that is there to the end it is not. */
function* checkRefusals({ sends, history }: StateObservations): Generator<Anomaly> {
  for (const { conversation, sender, act, outcome } of sends) {
    if (act === undefined || outcome.type !== 'refused' || outcome.code !== 'MESSAGE_NOT_FOUND') continue;
    const events = history.get(conversation) ?? [];
    const isSeen = maySee(sender, conversation, staysOf(sender, events));
    const target = events.find(({ seq }) => seq === act.target);
    if (target === undefined || !isMessage(target) || !isSeen(act.target)) continue;
    const isRemoved = events.some(
      (event) => event.act?.target === act.target && (event.act.type === 'recall' || event.act.type === 'delete'),
    );
    if (!isRemoved) yield anomaly('lost', conversation, `${sender}: ${inWords(act)} was refused, and the message is there`);
  }
}

function* checkViews(observations: StateObservations): Generator<Anomaly> {
  const chronicle = chronicleOf(observations);
  const whole = new Map<string, ReadonlyMap<number, SeenMessage>>();
  for (const [conversation, events] of chronicle) whole.set(conversation, folded(events));
  for (const view of observations.views) {
    const events = chronicle.get(view.conversation) ?? [];
    const expected = whole.get(view.conversation) ?? new Map<number, SeenMessage>();
    yield* checkRights(view, events);
    const isVisible = visibleTo(view, events);
    for (const [seq, message] of expected) {
      if (!isVisible(seq)) continue;
      const seen = view.messages.get(seq);
      if (seen === undefined) yield anomaly('missing', view.conversation, `${view.observer} does not show ${seq}`);
      else if (!isSame(message, seen)) {
        yield anomaly('divergent', view.conversation, `${view.observer} shows ${seq} as ${look(seen)}, it is ${look(message)}`);
      }
    }
  }
}

/** G10: of a group nothing is shown that was said outside of the membership. */
function* checkRights({ observer, user, conversation, messages }: MessageView, events: readonly StoredEvent[]): Generator<Anomaly> {
  if (user === '' || !conversation.startsWith('g:')) return;
  const isSeen = maySee(user, conversation, staysOf(user, events));
  for (const seq of messages.keys()) if (!isSeen(seq)) yield anomaly('trespass', conversation, `${observer} shows ${seq}`);
}

function folded(events: readonly StoredEvent[]): ReadonlyMap<number, SeenMessage> {
  const model = new MessageModel();
  for (const { seq, sender, body, act, isNotice } of events) {
    if (isNotice === true) continue;
    if (act === undefined) model.say(seq, sender, body);
    else model.act(sender, act);
  }
  return model.messages;
}

/** Messages that a user saw said, and everything that was done to them; pins are pushed out by later ones. */
function visibleTo({ user, conversation }: MessageView, events: readonly StoredEvent[]): (seq: number) => boolean {
  if (user === '' || !conversation.startsWith('g:')) return () => true;
  const isSeen = maySee(user, conversation, staysOf(user, events));
  const unseen = new Set(events.flatMap(({ seq, act }) => (act === undefined || isSeen(seq) ? [] : [act.target])));
  const missedPins = events.some(({ seq, act }) => act?.type === 'pin' && !isSeen(seq));
  const pinned = new Set(events.flatMap(({ act }) => (act?.type === 'pin' ? [act.target] : [])));
  return (seq) => isSeen(seq) && !unseen.has(seq) && !(missedPins && pinned.has(seq));
}

function isSame(one: SeenMessage, other: SeenMessage): boolean {
  if (one.text !== other.text || one.isRemoved !== other.isRemoved || one.isPinned !== other.isPinned) return false;
  return (
    one.reactions.size === other.reactions.size && [...one.reactions].every(([reaction, count]) => other.reactions.get(reaction) === count)
  );
}

const look = ({ text, isRemoved, reactions, isPinned }: SeenMessage): string =>
  isRemoved ? 'removed' : JSON.stringify({ text: text.slice(0, 40), reactions: [...reactions], isPinned });

const inWords = (act: MessageAct): string => JSON.stringify(act).slice(0, 100);
