import type { ReactionChanged, ReactionCount } from '@parley/wire';

/** Of those who reacted so, how many a state names. */
const recentMax = 10;

/** The reactions after one user added or took back one. They stand in the order in which they first came up. */
export function foldReaction(
  reactions: readonly ReactionCount[],
  user: string,
  { reaction, isRemoved }: ReactionChanged,
): readonly ReactionCount[] {
  const known = reactions.find((count) => count.reaction === reaction);
  if (isRemoved) return known === undefined ? reactions : replaced(reactions, without(known, user));
  if (known === undefined) return [...reactions, { reaction, count: 1, recent: [user] }];
  return replaced(reactions, { ...known, count: known.count + 1, recent: [user, ...others(known, user)].slice(0, recentMax) });
}

/** One user's reaction taken back. */
const without = (known: ReactionCount, user: string): ReactionCount => ({ ...known, count: known.count - 1, recent: others(known, user) });

const others = ({ recent }: ReactionCount, user: string): readonly string[] => recent.filter((other) => other !== user);

/** A reaction that nobody shows any more is gone. */
function replaced(reactions: readonly ReactionCount[], changed: ReactionCount): readonly ReactionCount[] {
  if (changed.count <= 0) return reactions.filter(({ reaction }) => reaction !== changed.reaction);
  return reactions.map((count) => (count.reaction === changed.reaction ? changed : count));
}
