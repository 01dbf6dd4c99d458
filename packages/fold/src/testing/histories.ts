import type { ConversationEvent } from '@parley/wire';
import fc from 'fast-check';
import { deleted, edited, eventOf, pinned, reacted, recalled, said } from './events.js';

const users = ['ann', 'bob', 'cid'];
const reactions = ['+', '-', 'ok'];

/** What happens next, with choices that still have to be brought into range. */
interface Step {
  readonly type: 'say' | 'reply' | 'edit' | 'recall' | 'delete' | 'react' | 'pin' | 'join';
  readonly user: number;
  readonly target: number;
  readonly choice: number;
  readonly isOn: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom('say', 'say', 'reply', 'edit', 'recall', 'delete', 'react', 'react', 'react', 'pin', 'join'),
  user: fc.nat(users.length - 1),
  target: fc.nat(4),
  choice: fc.nat(reactions.length - 1),
  isOn: fc.boolean(),
});

/** Whatever a log could hold, from seq 1 without gaps: also what no router would have let through. */
export const anyHistory: fc.Arbitrary<readonly ConversationEvent[]> = fc
  .array(step, { minLength: 1, maxLength: 40 })
  .map((steps) => steps.map((it, i) => eventOfStep(it, i + 1)));

/** Targets are among the first few seqs, so that much happens to few messages. */
function eventOfStep({ type, user, target, choice, isOn }: Step, seq: number): ConversationEvent {
  const who = users[user] ?? '';
  const at = Math.min(target + 1, seq);
  switch (type) {
    case 'say':
      return said(seq, who, isOn ? { expiresMs: 5_000, onlyTo: choice === 0 ? ['bob'] : [] } : undefined);
    case 'reply':
      return said(seq, who, { reply: { seq: at, rootSeq: at, sender: '' } });
    case 'edit':
      return edited(seq, who, at, isOn ? [users[choice] ?? ''] : undefined);
    case 'recall':
      return recalled(seq, who, at);
    case 'delete':
      return deleted(seq, who, at, choice + 1);
    case 'react':
      return reacted(seq, who, at, reactions[choice], !isOn);
    case 'pin':
      return pinned(seq, who, at, !isOn);
    case 'join':
      return eventOf(seq, '', { type: 'membership', value: { joined: [who] } });
  }
}

/** The same without what a router refuses: nobody reacts twice alike, and nothing is done to what is no message or no more. */
export const orderlyHistory: fc.Arbitrary<readonly ConversationEvent[]> = anyHistory.map((events) => {
  const messages = new Set<number>();
  const shown = new Set<string>();
  return events.map((event) => {
    const nothing = eventOf(event.seq, '', { type: 'membership', value: {} });
    const { body } = event;
    switch (body?.type) {
      case 'content': {
        messages.add(event.seq);
        const root = event.options?.reply?.rootSeq ?? 0;
        return root === 0 || (root < event.seq && messages.has(root)) ? event : said(event.seq, event.sender);
      }
      case 'deleted': {
        const seqs = [...new Set(body.value.seqs)].filter((seq) => messages.delete(seq));
        return seqs.length === 0 ? nothing : deleted(event.seq, event.sender, ...seqs);
      }
      case 'recalled':
        return messages.delete(body.value.seq) ? event : nothing;
      case 'reaction': {
        const { seq, reaction, isRemoved } = body.value;
        const key = `${seq} ${reaction} ${event.sender}`;
        if (!messages.has(seq) || shown.has(key) !== isRemoved) return nothing;
        if (isRemoved) shown.delete(key);
        else shown.add(key);
        return event;
      }
      case 'edited':
      case 'pin':
        return messages.has(body.value.seq) ? event : nothing;
      default:
        return event;
    }
  });
});
