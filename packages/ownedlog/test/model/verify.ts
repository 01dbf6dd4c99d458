import { expect } from '@jest/globals';
import { type AcceptedRecord, acceptRecord, claimPartition, type OwnedPosition, recoverPartition, startOfLog } from '../../src/index.js';
import { type Acknowledged, type Belief, positionsOf, type Simulation, topic } from './simulation.js';
import { readEntry, Tally } from './tally.js';

interface Replay {
  readonly accepted: readonly AcceptedRecord[];
  /** Position before each offset, and behind the last one. */
  readonly before: readonly OwnedPosition[];
  /** State and positions by index. */
  readonly states: readonly string[];
  readonly positions: readonly string[];
  /** What the key of an accepted record had as its value before it. */
  readonly valuesBefore: readonly (number | undefined)[];
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
  const valuesBefore: (number | undefined)[] = [];
  for (const stored of simulation.log.recordsOf(topic).slice(from.offset)) {
    const verdict = acceptRecord(position, stored, { topic, partition: 0 });
    position = verdict.position;
    before.push(position);
    if (verdict.type !== 'accepted') continue;
    accepted.push(verdict.record);
    valuesBefore.push(tally.value(verdict.record.key));
    tally.applyRecord(verdict.record);
    for (const [input, offset] of verdict.record.positions) latest.set(input, offset);
    states.push(tally.toString());
    positions.push(positionsOf(latest));
  }
  return { accepted, before, states, positions, valuesBefore };
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
  expect(
    simulation.acknowledged.filter(({ ids: appended, end }) => !isSame(ids.slice(end.index - appended.length, end.index), appended)),
  ).toEqual([]);
  expect(overtaken(simulation.acknowledged)).toEqual([]);
}

const isSame = (one: readonly number[], other: readonly number[]): boolean => one.join() === other.join();

/** Appends that lie before another one that was acknowledged before they began. */
function overtaken(acknowledged: readonly Acknowledged[]): readonly Acknowledged[] {
  const wrong: Acknowledged[] = [];
  let furthestEnd = 0;
  let ended = 0;
  for (const append of acknowledged.toSorted((one, other) => one.startedAt - other.startedAt)) {
    for (let next = acknowledged[ended]; next !== undefined && next.acknowledgedAt < append.startedAt; next = acknowledged[++ended]) {
      furthestEnd = Math.max(furthestEnd, next.end.index);
    }
    if (append.end.index - append.ids.length < furthestEnd) wrong.push(append);
  }
  return wrong;
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
  const isTrue = ({ position: { index }, state, positions }: Belief): boolean =>
    state === truth.states[index] && positions === truth.positions[index];
  expect(simulation.beliefs.filter((belief) => !isTrue(belief))).toEqual([]);
}

async function verifyRecovery(simulation: Simulation, truth: Replay): Promise<void> {
  const expected = { state: truth.states.at(-1), positions: truth.positions.at(-1), index: truth.accepted.length };
  for (const how of ['recover', 'recover from snapshot', 'claim from snapshot'] as const) {
    const tally = new Tally();
    const misapplied: AcceptedRecord[] = [];
    const recovered = await simulation.finish(async (deps) => {
      const options = {
        topic,
        partition: 0,
        signal: new AbortController().signal,
        onRecord: (record: AcceptedRecord) => {
          // A real aggregate has events that make no sense on another state than their own.
          if (tally.value(record.key) !== truth.valuesBefore[record.index - 1]) misapplied.push(record);
          tally.applyRecord(record);
        },
        ...(how === 'recover' ? {} : { snapshots: { onState: (key: string, state: Uint8Array) => tally.load(key, state) } }),
      };
      return how === 'claim from snapshot' ? claimPartition(deps, options) : recoverPartition(deps, options);
    });
    const found = { state: tally.toString(), positions: positionsOf(recovered.positions), index: recovered.position.index };
    expect({ how, misapplied, ...found }).toEqual({ how, misapplied: [], ...expected });
  }
}
