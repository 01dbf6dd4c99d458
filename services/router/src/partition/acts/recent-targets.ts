import type { GetTargetResponse } from '@parley/contracts/history';
import type { TargetFacts } from '@parley/domain';
import { limits } from '@parley/kernel';
import type { ConversationEvent } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import type { ConversationState } from '../conversation-state.js';

interface Change {
  readonly state: ConversationState;
  /** Of the event. */
  readonly seq: number;
  readonly isOn: boolean;
  /** Of a message to which somebody has reacted in a new way: how many different reactions it has at most. */
  readonly kinds?: number;
}

type ActEventFacts = Pick<ConversationEvent, 'seq' | 'sender' | 'body'>;

/** For whom a message is looked at. */
export interface TargetViewer {
  readonly user: string;
  /** The reaction that an act names; empty for other acts. */
  readonly reaction: string;
}

/**
 * What this owner of a partition has decided about messages of late. Laid over what history answers, which may lag
 * behind, it makes decisions exact. What is dropped from here raises its conversation's `targetsFloorSeq`: history must
 * have come so far before it is asked again.
 */
export class RecentTargets {
  readonly #changes: LRUCache<string, Change>;

  constructor(capacity: number) {
    this.#changes = new LRUCache({
      max: capacity,
      noDisposeOnSet: true,
      dispose: ({ state, seq }) => askBehind(state, seq),
    });
  }

  /** Notes what an event with a seq does to messages; `targets` are those that it names, as they were before. */
  fold(state: ConversationState, event: ActEventFacts, targets: readonly TargetFacts[] = []): void {
    const { seq, sender, body } = event;
    const note = (target: number, what: string, isOn: boolean): void => {
      this.#changes.set(keyOf(state, target, what), { state, seq, isOn });
    };
    switch (body?.type) {
      case 'recalled':
      case 'deleted':
        for (const target of body.type === 'deleted' ? body.value.seqs : [body.value.seq]) note(target, 'removed', true);
        // There is room for another pin.
        if (targets.some(({ isPinned }) => isPinned)) askBehind(state, seq);
        break;
      case 'reaction': {
        const { reaction, isRemoved } = body.value;
        note(body.value.seq, reactionOf(sender, reaction), !isRemoved);
        if (isRemoved) break;
        note(body.value.seq, reactionOf('', reaction), true);
        for (const target of targets) if (target.isKnownReaction !== true) this.#noteKind(state, seq, target);
        break;
      }
      case 'pin':
      case 'erased':
        // Concern messages that they do not name: the pins, or a user's words.
        askBehind(state, seq);
        break;
      default:
    }
  }

  /**
   * One more reaction of a kind that the message did not have. Those taken back meanwhile stay in the number, so that it is never too
   * small; once it says that the limit is reached, history is to say how many there really are.
   */
  #noteKind(state: ConversationState, seq: number, target: TargetFacts): void {
    const kinds = target.reactionKinds + 1;
    this.#changes.set(keyOf(state, target.seq, kindsKey), { state, seq, isOn: true, kinds });
    if (kinds >= limits.reactionKindsMax) askBehind(state, seq);
  }

  /** A message as it is now, by history's answer and what was decided since. */
  factsOf(state: ConversationState, seq: number, { user, reaction }: TargetViewer, answer: GetTargetResponse): TargetFacts {
    const { sender, timeMs, kind, isPinned, rootSeq, expiresMs, onlyTo, evictedPinSeq } = answer;
    const reactionKinds = this.#newer(state, seq, kindsKey)?.kinds ?? answer.reactionKinds;
    return {
      ...{ seq, sender, timeMs, kind, isPinned, reactionKinds, rootSeq, expiresMs, onlyTo, evictedPinSeq },
      isRemoved: answer.isRemoved || this.#find(state, seq, 'removed') === true,
      hasReacted: this.#find(state, seq, reactionOf(user, reaction)) ?? answer.hasReacted,
      isKnownReaction: answer.isKnownReaction || this.#find(state, seq, reactionOf('', reaction)) === true,
    };
  }

  #find(state: ConversationState, target: number, what: string): boolean | undefined {
    return this.#newer(state, target, what)?.isOn;
  }

  /** History's answers contain everything up to the floor, so what is not above it does not count. */
  #newer(state: ConversationState, target: number, what: string): Change | undefined {
    const change = this.#changes.get(keyOf(state, target, what));
    return change === undefined || change.seq <= state.targetsFloorSeq ? undefined : change;
  }
}

/** From now on history is asked for what it says behind this event. */
function askBehind(state: ConversationState, seq: number): void {
  state.targetsFloorSeq = Math.max(state.targetsFloorSeq, seq);
}

const keyOf = ({ key }: ConversationState, seq: number, what: string): string => `${key}/${seq}/${what}`;

/** How many different reactions a message has; no reaction of anybody is kept under it. */
const kindsKey = 'kinds';

/** User ids contain no slash, so that this is unambiguous; without a user: that anybody has reacted so. */
const reactionOf = (user: string, reaction: string): string => `${user}/${reaction}`;
