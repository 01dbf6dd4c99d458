import type { Random } from '@parley/kernel';
import type { Conversation, SendHandle } from '@parley/sdk';
import type { MessageAct } from '@parley/testkit';
import type { Target } from './follower.js';

const reactions = ['👍', '❤️', '😂'] as const;

/** Who does something, and where. */
export interface DoerOf {
  readonly user: string;
  /** May remove and pin what others have said. */
  readonly isModerator: boolean;
  readonly conversation: string;
  /** Text of an edit, which nobody else uses. */
  readonly text: string;
}

/** Something that the user may do to one of these messages; undefined where there is nothing to do it to. */
export function someDeed(
  random: Random,
  targets: readonly Target[],
  { user, isModerator, conversation, text }: DoerOf,
): MessageAct | undefined {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random.next() * items.length)];
  const any = pick(targets)?.seq;
  const own = pick(targets.filter(({ sender }) => sender === user))?.seq;
  if (any === undefined) return undefined;
  const isRemoved = random.next() < 0.3;
  const react: MessageAct = { type: 'react', target: any, reaction: pick(reactions) ?? '', isRemoved };
  const chance = random.next();
  if (chance < 0.5) return react;
  if (chance < 0.7) return own === undefined ? react : { type: 'edit', target: own, text };
  if (chance < 0.8) return own === undefined ? react : { type: 'recall', target: own };
  const mayPin = isModerator || conversation.startsWith('u:');
  if (chance < 0.95) return mayPin ? { type: 'pin', target: any, isRemoved } : react;
  return isModerator ? { type: 'delete', target: any } : react;
}

/** Does it. */
export function doDeed(conversation: Conversation, act: MessageAct): SendHandle {
  switch (act.type) {
    case 'edit':
      return conversation.edit(act.target, act.text);
    case 'recall':
      return conversation.recall(act.target);
    case 'delete':
      return conversation.delete(act.target);
    case 'react':
      return act.isRemoved ? conversation.unreact(act.target, act.reaction) : conversation.react(act.target, act.reaction);
    case 'pin':
      return act.isRemoved ? conversation.unpin(act.target) : conversation.pin(act.target);
  }
}

/** Removals go by the lane of what is urgent, everything else by that of what is not. */
export const priorityOf = ({ type }: MessageAct): string => (type === 'recall' || type === 'delete' ? 'high' : 'medium');
