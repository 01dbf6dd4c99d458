import type { MessageAct, Observations } from './observations.js';

/** What was done to messages in the course of a run, however history shows them now. */
export interface Changes {
  isRemoved(conversation: string, seq: number): boolean;
  /** Texts that edits of the message gave it. */
  textsOf(conversation: string, seq: number): ReadonlySet<string>;
  /** What its sender said first, where somebody who knows was answered, or history still names the send. */
  firstTextAt(conversation: string, seq: number): string | undefined;
}

const none: ReadonlySet<string> = new Set();

/** History keeps the text of an edit in one place only; whoever edited knows it. */
export function changesIn({ sends, deliveries, history }: Pick<Observations, 'sends' | 'deliveries' | 'history'>): Changes {
  const removed = new Set<string>();
  const texts = new Map<string, Set<string>>();
  const first = new Map<string, string>();
  const bySend = new Map(sends.map((send) => [`${send.conversation} ${send.sender} ${send.clientMsgId}`, send]));
  for (const { conversation, outcome, body, act } of sends) {
    if (outcome.type === 'ok' && act === undefined) first.set(`${conversation} ${outcome.seq}`, body);
  }
  const known = [...deliveries, ...[...history].flatMap(([conversation, events]) => events.map((event) => ({ ...event, conversation })))];
  for (const { conversation, seq, sender, clientMsgId } of known) {
    const send = bySend.get(`${conversation} ${sender} ${clientMsgId}`);
    if (send !== undefined && send.act === undefined) first.set(`${conversation} ${seq}`, send.body);
  }
  for (const [conversation, events] of history) {
    for (const { sender, clientMsgId, act } of events) {
      if (act === undefined) continue;
      const place = `${conversation} ${act.target}`;
      if (act.type === 'recall' || act.type === 'delete') removed.add(place);
      if (act.type !== 'edit') continue;
      const asked = bySend.get(`${conversation} ${sender} ${clientMsgId}`)?.act;
      const text = asked?.type === 'edit' ? asked.text : act.text;
      texts.set(place, (texts.get(place) ?? new Set()).add(text));
    }
  }
  return {
    isRemoved: (conversation, seq) => removed.has(`${conversation} ${seq}`),
    textsOf: (conversation, seq) => texts.get(`${conversation} ${seq}`) ?? none,
    firstTextAt: (conversation, seq) => first.get(`${conversation} ${seq}`),
  };
}

/** Whether two tell of the same deed; the text of an edit may be gone. */
export function isSameAct(one: MessageAct | undefined, other: MessageAct | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.target !== other.target) return false;
  switch (one.type) {
    case 'edit':
      return other.type === 'edit' && (one.text === other.text || one.text === '' || other.text === '');
    case 'react':
      return other.type === 'react' && one.reaction === other.reaction && one.isRemoved === other.isRemoved;
    case 'pin':
      return other.type === 'pin' && one.isRemoved === other.isRemoved;
    default:
      return other.type === one.type;
  }
}
