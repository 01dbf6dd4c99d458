import type { GetTargetResponse } from '@parley/contracts/history';
import type { TargetFacts } from '@parley/domain';
import type { ConversationEvent } from '@parley/wire';
import { LRUCache } from 'lru-cache';
import type { ConversationState } from '../conversation-state.js';

interface Change {
  readonly state: ConversationState;
  /** Of the event. */
  readonly seq: number;
  readonly isOn: boolean;
}

/** For whom a message is looked at. */
export interface TargetViewer {
  readonly user: string;
  /** The reaction that an act names; empty for other acts. */
  readonly reaction: string;
}

/**
 * What this owner of a partition has decided about messages of late. Laid over what history answers, which may lag
 * behind, it makes decisions exact. What is dropped from here raises its conversation's `targetsFloorSeq`: history must
 * have come so far before it is asked again. How many different reactions a message has is history's to say: what is
 * under way is not counted.
 */
export class RecentTargets {
  readonly #changes: LRUCache<string, Change>;

  constructor(capacity: number) {
    this.#changes = new LRUCache({
      max: capacity,
      noDisposeOnSet: true,
      dispose: ({ state, seq }) => {
        state.targetsFloorSeq = Math.max(state.targetsFloorSeq, seq);
      },
    });
  }

  /** Notes what an event with a seq does to messages. */
  fold(state: ConversationState, event: Pick<ConversationEvent, 'seq' | 'sender' | 'body'>): void {
    const { seq, sender, body } = event;
    const note = (target: number, what: string, isOn: boolean): void => {
      this.#changes.set(keyOf(state, target, what), { state, seq, isOn });
    };
    switch (body?.type) {
      case 'recalled':
        note(body.value.seq, 'removed', true);
        break;
      case 'deleted':
        for (const target of body.value.seqs) note(target, 'removed', true);
        break;
      case 'reaction': {
        const { reaction, isRemoved } = body.value;
        note(body.value.seq, reactionOf(sender, reaction), !isRemoved);
        if (!isRemoved) note(body.value.seq, reactionOf('', reaction), true);
        break;
      }
      case 'pin':
      case 'erased':
        // Concern messages that they do not name, an evicted pin or a user's words: history is asked behind them from now on.
        state.targetsFloorSeq = Math.max(state.targetsFloorSeq, seq);
        break;
      default:
    }
  }

  /** A message as it is now, by history's answer and what was decided since. */
  factsOf(state: ConversationState, seq: number, { user, reaction }: TargetViewer, answer: GetTargetResponse): TargetFacts {
    const { sender, timeMs, kind, isPinned, reactionKinds, rootSeq, expiresMs, onlyTo } = answer;
    return {
      ...{ seq, sender, timeMs, kind, isPinned, reactionKinds, rootSeq, expiresMs, onlyTo },
      isRemoved: answer.isRemoved || this.#find(state, seq, 'removed') === true,
      hasReacted: this.#find(state, seq, reactionOf(user, reaction)) ?? answer.hasReacted,
      isKnownReaction: answer.isKnownReaction || this.#find(state, seq, reactionOf('', reaction)) === true,
    };
  }

  /** History's answers contain everything up to the floor, so what is not above it does not count. */
  #find(state: ConversationState, target: number, what: string): boolean | undefined {
    const change = this.#changes.get(keyOf(state, target, what));
    return change === undefined || change.seq <= state.targetsFloorSeq ? undefined : change.isOn;
  }
}

const keyOf = ({ key }: ConversationState, seq: number, what: string): string => `${key}/${seq}/${what}`;

/** User ids contain no slash, so that this is unambiguous; without a user: that anybody has reacted so. */
const reactionOf = (user: string, reaction: string): string => `${user}/${reaction}`;
