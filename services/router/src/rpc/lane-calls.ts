import type { LaneCommandInit } from '@parley/contracts/events';
import type { Outcome } from '@parley/contracts/router';
import { type Clock, errorNameOf, ParleyError, type Random } from '@parley/kernel';
import type { Lane } from '@parley/lanes';
import type { LaneWriter } from '@parley/router-client';
import type { OwnCalls } from '../own-calls.js';

export interface LaneCallsDeps {
  readonly writer: LaneWriter;
  readonly calls: OwnCalls;
  /** Id of this process. */
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
}

const outcomeWithinMs = 4_500;

/**
 * Puts a command of a call into its lane, as gateways do, and waits for what becomes of it. Throws the refusal, or
 * TIMEOUT when nothing is known in time.
 */
export async function submitAndWait(deps: LaneCallsDeps, lane: Lane, command: LaneCommandInit): Promise<Outcome> {
  const [outcome] = await submitAll(deps, lane, [command]);
  if (outcome === undefined) throw new ParleyError('INTERNAL');
  return accepted(outcome);
}

/** The same for several commands, which reach the lane in their order. Answers all outcomes, refusals among them. */
export function submitAll(
  { writer, calls, peer, clock }: LaneCallsDeps,
  lane: Lane,
  commands: readonly LaneCommandInit[],
): Promise<readonly Outcome[]> {
  const ingressMs = clock.now();
  const outcomes = commands.map((command) => {
    const { connection, outcome } = calls.open(outcomeWithinMs);
    writer.submit(lane, { ...command, ingressMs, origin: { peer, connection, request: 0 } });
    return outcome;
  });
  return Promise.all(outcomes);
}

/** The outcome, where it is no refusal; else throws that. */
export function accepted(outcome: Outcome): Outcome {
  const { error, detail, retryAfterMs } = outcome;
  if (error !== 0) throw new ParleyError(errorNameOf(error) ?? 'INTERNAL', detail, { retryAfterMs });
  return outcome;
}
