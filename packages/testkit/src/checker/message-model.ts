import type { MessageAct, SeenMessage, StoredEvent } from './observations.js';

/** Messages that stand out at a time; one more pushes the oldest pin out. */
const pinsMax = 10;

/** A message as the contract says it is after everything that was done to it. */
interface ModelMessage {
  readonly sender: string;
  text: string;
  isRemoved: boolean;
  /** Who reacted, by reaction. */
  readonly reactions: Map<string, Set<string>>;
}

/** What one conversation is after some of its events, told in order. It knows nothing of how the server computes it. */
export class MessageModel {
  readonly #messages = new Map<number, ModelMessage>();
  /** Newest last. */
  #pins: number[] = [];

  /** A message as it was first said. */
  say(seq: number, sender: string, text: string): void {
    this.#messages.set(seq, { sender, text, isRemoved: false, reactions: new Map() });
  }

  /** False when it changes nothing, or was not up to them: then it had no claim to a place. */
  act(user: string, act: MessageAct): boolean {
    const message = this.#messages.get(act.target);
    if (message === undefined || message.isRemoved) return false;
    switch (act.type) {
      case 'edit':
        message.text = act.text;
        return message.sender === user;
      case 'recall':
      case 'delete':
        message.isRemoved = true;
        message.text = '';
        message.reactions.clear();
        this.#unpin(act.target);
        return act.type === 'delete' || message.sender === user;
      case 'react':
        return react(message, user, act);
      case 'pin':
        return act.isRemoved ? this.#unpin(act.target) : this.#pin(act.target);
    }
  }

  /** By seq. */
  get messages(): ReadonlyMap<number, SeenMessage> {
    return new Map([...this.#messages].map(([seq, message]) => [seq, this.#seen(seq, message)]));
  }

  #seen(seq: number, { text, isRemoved, reactions }: ModelMessage): SeenMessage {
    const counts = [...reactions].map(([reaction, users]) => [reaction, users.size] as const).filter(([, count]) => count > 0);
    return { text, isRemoved, reactions: new Map(counts), isPinned: this.#pins.includes(seq) };
  }

  #pin(seq: number): boolean {
    if (this.#pins.includes(seq)) return false;
    this.#pins = [...this.#pins, seq].slice(-pinsMax);
    return true;
  }

  #unpin(seq: number): boolean {
    const isPinned = this.#pins.includes(seq);
    this.#pins = this.#pins.filter((pin) => pin !== seq);
    return isPinned;
  }
}

function react({ reactions }: ModelMessage, user: string, { reaction, isRemoved }: MessageAct & { readonly type: 'react' }): boolean {
  const users = reactions.get(reaction) ?? new Set();
  reactions.set(reaction, users);
  if (isRemoved) return users.delete(user);
  if (users.has(user)) return false;
  users.add(user);
  return true;
}

/** First seq of each stay of a user in a group, and the last that they may see. */
export interface Stay {
  readonly from: number;
  readonly to: number;
}

/** The stays of a user, read from the events of a group; the last is open when they are in it. */
export function staysOf(user: string, events: readonly StoredEvent[]): readonly Stay[] {
  const stays: Stay[] = [];
  let from: number | undefined;
  for (const { seq, members } of events) {
    if (members?.joined.includes(user) === true) from ??= seq;
    if (members?.left.includes(user) !== true || from === undefined) continue;
    stays.push({ from, to: seq });
    from = undefined;
  }
  return from === undefined ? stays : [...stays, { from, to: Number.POSITIVE_INFINITY }];
}

/** Whether a user may see a place of a conversation: who belongs to it is told by its name, or by its events. */
export function maySee(user: string, conversation: string, stays: readonly Stay[]): (seq: number) => boolean {
  if (conversation.startsWith('u:')) {
    const isPeer = conversation.slice(2).split('|').includes(user);
    return () => isPeer;
  }
  return (seq) => stays.some(({ from, to }) => seq >= from && seq <= to);
}
