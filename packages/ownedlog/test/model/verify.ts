import { expect } from '@jest/globals';
import {
  type AcceptedRecord, acceptRecord, claimPartition, type OwnedPosition, recoverPartition, startOfLog,
} from '../../src/index.js';
import { positionsOf, type Simulation, topic } from './simulation.js';
import { readEntry, Tally } from './tally.js';

interface Replay {
  readonly accepted: readonly AcceptedRecord[];
  /** Position before each offset, and behind the last one. */
  readonly before: readonly OwnedPosition[];
  /** State and positions by index. */
  readonly states: readonly string[];
  readonly positions: readonly string[];
}

/** The truth: what a reader who saw everything from the start has accepted. */
function replay(simulation: Simulation, from: OwnedPosition): Replay {
  const accepted: AcceptedRecord[] = [];
  const tally = new Tally();
  const latest = new Map<string, number>();
  let position = from;
  const before = [position];
  const states = [tally.toString()];
  const positions = [positionsOf(latest)];
  for (const stored of simulation.log.recordsOf(topic).slice(from.offset)) {
    const verdict = acceptRecord(position, stored, { topic, partition: 0 });
    position = verdict.position;
    before.push(position);
    if (verdict.type !== 'accepted') continue;
    accepted.push(verdict.record);
    tally.applyRecord(verdict.record);
    for (const [input, offset] of verdict.record.positions) latest.set(input, offset);
    states.push(tally.toString());
    positions.push(positionsOf(latest));
  }
  return { accepted, before, states, positions };
}

/** Everything that this package promises, checked against the log as it is in the end. */
export async function verify(simulation: Simulation): Promise<void> {
  expect(simulation.failures).toEqual([]);
  const truth = replay(simulation, startOfLog);
  verifyAcknowledged(simulation, truth);
  verifyReaders(simulation, truth);
  verifyBeliefs(simulation, truth);
  await verifyRecovery(simulation, truth);
}

const idOf = ({ key, payload }: AcceptedRecord): number => (payload.length > 0 ? readEntry(key, payload).id : 0);

function verifyAcknowledged(simulation: Simulation, { accepted }: Replay): void {
  expect(accepted.map(({ index }) => index)).toEqual(accepted.map((_, at) => at + 1));
  const ids = accepted.map(idOf);
  const given = ids.filter((id) => id > 0);
  expect(new Set(given).size).toBe(given.length);
  expect(given.filter((id) => simulation.refusedIds.has(id))).toEqual([]);
  let furthestEnd = 0;
  const byStart = simulation.acknowledged.toSorted((one, other) => one.startedAt - other.startedAt);
  const byEnd = [...simulation.acknowledged];
  for (const { ids: appended, end, startedAt } of byStart) {
    expect(ids.slice(end.index - appended.length, end.index)).toEqual(appended);
    // What was acknowledged before this append began lies before it.
    for (let next = byEnd[0]; next !== undefined && next.acknowledgedAt < startedAt; next = byEnd[0]) {
      furthestEnd = Math.max(furthestEnd, next.end.index);
      byEnd.shift();
    }
    expect(end.index - appended.length).toBeGreaterThanOrEqual(furthestEnd);
  }
}

function verifyReaders(simulation: Simulation, truth: Replay): void {
  const line = ({ index, offset }: AcceptedRecord): string => `${index}@${offset}`;
  expect(simulation.followed.map(line)).toEqual(truth.accepted.map(line));
  for (let count = 0; count < 3; count++) {
    const start = truth.before[Math.floor(simulation.random.next() * truth.before.length)] ?? startOfLog;
    expect(replay(simulation, start).accepted.map(line)).toEqual(truth.accepted.slice(start.index).map(line));
  }
}

function verifyBeliefs(simulation: Simulation, truth: Replay): void {
  for (const { position, state, positions } of simulation.beliefs) {
    expect({ position, state, positions }).toEqual({
      position,
      state: truth.states[position.index],
      positions: truth.positions[position.index],
    });
  }
}

async function verifyRecovery(simulation: Simulation, truth: Replay): Promise<void> {
  const expected = { state: truth.states.at(-1), positions: truth.positions.at(-1), index: truth.accepted.length };
  for (const how of ['recover', 'recover from snapshot', 'claim from snapshot'] as const) {
    const tally = new Tally();
    const recovered = await simulation.finish(async (deps) => {
      const options = {
        topic,
        partition: 0,
        signal: new AbortController().signal,
        onRecord: (record: AcceptedRecord) => tally.applyRecord(record),
        ...(how === 'recover' ? {} : { snapshots: { onState: (key: string, state: Uint8Array) => tally.load(key, state) } }),
      };
      return how === 'claim from snapshot' ? claimPartition(deps, options) : recoverPartition(deps, options);
    });
    const found = { state: tally.toString(), positions: positionsOf(recovered.positions), index: recovered.position.index };
    expect({ how, ...found }).toEqual({ how, ...expected });
  }
}
