import { limits } from '@parley/kernel';
import type { ConversationEvent, Pin } from '@parley/wire';
import { createMessageState, type MessageState } from '@parley/wire';

/**
 * The messages that stand out of a conversation after `event`, newest pin first; one more than `limits.pinsMax` pushes
 * the oldest out, which the event names (those of before it did are counted). Gives back the very same list where nothing changes. Events must come in order.
 */
export function foldPins(pins: readonly Pin[], event: ConversationEvent): readonly Pin[] {
  const { body } = event;
  switch (body?.type) {
    case 'pin': {
      const { seq, isRemoved, evictedSeq } = body.value;
      if (isRemoved) return without(pins, [seq]);
      if (pins.some((pin) => pin.seq === seq)) return pins;
      const others = evictedSeq === 0 ? pins : without(pins, [evictedSeq]);
      return [{ seq, pinnedMs: event.timeMs, pinnedBy: event.sender }, ...others].slice(0, limits.pinsMax);
    }
    case 'recalled':
      return without(pins, [body.value.seq]);
    case 'deleted':
      return without(pins, body.value.seqs);
    default:
      return pins;
  }
}

/** The message that `event` pushes out of the list `pins`; undefined where it pushes none out. */
export function evictedBy(pins: readonly Pin[], event: ConversationEvent): number | undefined {
  const after = foldPins(pins, event);
  if (event.body?.type !== 'pin' || event.body.value.isRemoved || after === pins) return undefined;
  return pins.find(({ seq }) => !after.some((pin) => pin.seq === seq))?.seq;
}

/** The state of a message that `event` pushed out of the list of pins: see {@link evictedBy}. */
export function foldEviction(state: MessageState | undefined, seq: number, event: ConversationEvent): MessageState {
  const before = state ?? createMessageState({ seq });
  return event.seq <= before.version ? before : { ...before, version: event.seq, pinnedMs: 0, pinnedBy: '' };
}

function without(pins: readonly Pin[], seqs: readonly number[]): readonly Pin[] {
  const left = pins.filter(({ seq }) => !seqs.includes(seq));
  return left.length === pins.length ? pins : left;
}
