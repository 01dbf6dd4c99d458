/** The classes that messages travel in, most urgent first. Each has a topic, queues and budgets of its own. */
export const lanes = ['system', 'high', 'medium', 'low'] as const;
export type Lane = (typeof lanes)[number];

/** Priority numbers of the wire (parley.event.v1.Priority): LOW 1, MEDIUM 2, HIGH 3, SYSTEM 4. */
const laneByPriority: readonly Lane[] = ['medium', 'low', 'medium', 'high', 'system'];

/** The lane of a wire priority; what is unspecified or unknown travels as medium. */
export const laneOf = (priority: number): Lane => laneByPriority[priority] ?? 'medium';

const priorityByLane: Readonly<Record<Lane, 1 | 2 | 3 | 4>> = { low: 1, medium: 2, high: 3, system: 4 };

/** The wire priority of a lane. */
export const priorityOf = (lane: Lane): 1 | 2 | 3 | 4 => priorityByLane[lane];
