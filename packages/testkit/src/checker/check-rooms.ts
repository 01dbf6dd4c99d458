import type { Anomaly, AnomalyType } from './observations.js';
import { type ChangeModel, changeModelOf } from './room-change-model.js';
import type { ObservedChange, RoomAtRest, RoomObservations, RoomView, SeenAttribute } from './room-observations.js';

type Attributes = ReadonlyMap<string, SeenAttribute>;

/**
 * Finds everything in a run that contradicts one order of each room's changes: acknowledged changes stand at their
 * version, whole; every observer sees the same state at the same version; every step from one state to the next is one
 * change, or somebody's leaving; nothing refused ever shows; counters are the sum of what was added.
 */
export function checkRooms(observations: RoomObservations): readonly Anomaly[] {
  return observations.rooms.flatMap((end) => {
    const changes = observations.changes.filter(({ room }) => room === end.room);
    const views = observations.views.filter(({ room }) => room === end.room);
    const run: RoomRun = { end, changes, views, states: new Map(), model: changeModelOf(changes) };
    return [
      ...checkViews(run),
      ...checkPlaces(run),
      ...checkRealTime(run),
      ...checkOrigins(run),
      ...checkSteps(run),
      ...checkEnd(run),
      ...checkCounts(run, observations),
    ];
  });
}

interface RoomRun {
  readonly end: RoomAtRest;
  readonly changes: readonly ObservedChange[];
  readonly views: readonly RoomView[];
  /** By version; filled by the first check. */
  readonly states: Map<number, Attributes>;
  readonly model: ChangeModel;
}

const anomaly = (type: AnomalyType, { end }: RoomRun, detail: string): Anomaly => ({ type, conversation: `r:${end.room}`, detail });

/** Devices never go back, and all see the same at one version. */
function* checkViews(run: RoomRun): Generator<Anomaly> {
  const newest = new Map<string, number>();
  const last: RoomView = { device: 'the server at rest', ...run.end };
  for (const view of [...run.views, last]) {
    const { device, version, attributes } = view;
    const before = newest.get(device) ?? 0;
    if (version < before) yield anomaly('reordered', run, `${device} was shown version ${version} after ${before}`);
    if (version > run.end.version) yield anomaly('lost', run, `${device} was shown version ${version}, the last is ${run.end.version}`);
    newest.set(device, Math.max(before, version));
    const known = run.states.get(version);
    if (known === undefined) run.states.set(version, attributes);
    else if (!isSame(known, attributes)) {
      yield anomaly('divergent', run, `version ${version}: ${device} saw ${inWords(attributes)}, others ${inWords(known)}`);
    }
  }
}

/** What was acknowledged has a version of its own, the one that was asked for, and can be seen there. */
function* checkPlaces(run: RoomRun): Generator<Anomaly> {
  const taken = new Map<number, ObservedChange>();
  for (const change of run.changes) {
    if (change.outcome.type !== 'ok') continue;
    const { version } = change.outcome;
    const other = taken.get(version);
    if (other !== undefined) yield anomaly('duplicate', run, `version ${version} was given to ${name(other)} and ${name(change)}`);
    taken.set(version, change);
    if (change.ifVersion > 0 && version !== change.ifVersion + 1) {
      yield anomaly('reordered', run, `${name(change)} was made at ${version}, and only if ${change.ifVersion} was the version`);
    }
    if (version > run.end.version) yield anomaly('lost', run, `${name(change)} acknowledged at ${version} of ${run.end.version}`);
    const state = run.states.get(version);
    if (state === undefined) continue;
    const isThere = [...change.set].every(([key, value]) => state.get(key)?.value === value);
    if (!isThere || change.deleted.some((key) => state.has(key))) {
      yield anomaly('lost', run, `${name(change)} was acknowledged at ${version}, which is ${inWords(state)}`);
    }
  }
}

/** What was acknowledged before something else began has the smaller version. */
function* checkRealTime({ changes, ...run }: RoomRun): Generator<Anomaly> {
  const acknowledged = changes.flatMap(({ outcome }) => (outcome.type === 'ok' ? [outcome] : [])).toSorted((a, b) => a.at - b.at);
  let next = 0;
  let highest = 0;
  for (const change of changes.toSorted((a, b) => a.invokedAt - b.invokedAt)) {
    for (let ack = acknowledged[next]; ack !== undefined && ack.at < change.invokedAt; ack = acknowledged[++next]) {
      highest = Math.max(highest, ack.version);
    }
    if (change.outcome.type !== 'ok' || change.outcome.version > highest) continue;
    yield anomaly('reordered', { ...run, changes }, `${name(change)} at ${change.outcome.version} began after ${highest} was acknowledged`);
  }
}

/** No value is seen that nobody set, that was refused, or before it was set. */
function* checkOrigins(run: RoomRun): Generator<Anomaly> {
  const told = new Set<string>();
  for (const [version, state] of [...run.states].toSorted(([a], [b]) => a - b)) {
    for (const [key, { value }] of state) {
      const change = run.model.setterOf(key, value);
      const fault = originFault(change, version);
      if (fault === undefined || told.has(`${key} ${value}`)) continue;
      told.add(`${key} ${value}`);
      yield anomaly(fault, run, `${key}=${value} at version ${version}: ${change === undefined ? 'nobody set it' : name(change)}`);
    }
  }
}

function originFault(change: ObservedChange | undefined, version: number): AnomalyType | undefined {
  if (change === undefined || change.outcome.type === 'refused') return 'phantom';
  return change.outcome.type === 'ok' && version < change.outcome.version ? 'reordered' : undefined;
}

/** Every step is one change that was acknowledged there, or one of unknown outcome, or the leaving of one user. */
function* checkSteps(run: RoomRun): Generator<Anomaly> {
  const used = new Map<ObservedChange, number>();
  const versions = [...run.states.keys()].sort((a, b) => a - b);
  for (const [index, to] of versions.entries()) {
    const from = versions[index - 1];
    const before = from === undefined ? undefined : run.states.get(from);
    const after = run.states.get(to);
    if (from === undefined || before === undefined || after === undefined) continue;
    const expected = run.model.afterAcknowledged(before, from, to);
    if (expected !== undefined) {
      if (!isSame(expected, after)) {
        yield anomaly(
          'unexplained',
          run,
          `version ${to} should be ${inWords(expected)} after ${inWords(before)}, and is ${inWords(after)}`,
        );
      }
    } else if (to === from + 1) {
      yield* explain(run, used, { before, after, version: to });
    }
  }
}

interface Step {
  readonly before: Attributes;
  readonly after: Attributes;
  readonly version: number;
}

function* explain(run: RoomRun, used: Map<ObservedChange, number>, { before, after, version }: Step): Generator<Anomaly> {
  if (isDeparture(before, after)) return;
  const change = run.model.unanswered.find((each) => isSame(run.model.apply(before, each), after));
  if (change === undefined) {
    yield anomaly('unexplained', run, `version ${version}: no change leads from ${inWords(before)} to ${inWords(after)}`);
    return;
  }
  const first = used.get(change);
  if (first !== undefined) yield anomaly('duplicate', run, `${name(change)} was made at ${first} and ${version}`);
  used.set(change, version);
}

/** Somebody left, and with him what goes with him. Without such attributes there would be no version. */
function isDeparture(before: Attributes, after: Attributes): boolean {
  const gone = [...before].filter(([key]) => !after.has(key)).map(([, attribute]) => attribute);
  const owner = gone[0]?.owner;
  if (owner === undefined || gone.length + after.size !== before.size) return false;
  const rest = new Map([...before].filter(([, attribute]) => attribute.owner !== owner || !attribute.isDeletedOnLeave));
  return isSame(rest, after);
}

/** Nobody is in twice, and what goes with its owner has gone with him. */
function* checkEnd(run: RoomRun): Generator<Anomaly> {
  const members = new Set<string>();
  for (const member of run.end.members) {
    if (members.has(member)) yield anomaly('duplicate', run, `${member} is in the room twice`);
    members.add(member);
  }
  for (const [key, { value, owner, isDeletedOnLeave }] of run.end.attributes) {
    if (isDeletedOnLeave && !members.has(owner)) yield anomaly('unexplained', run, `${key}=${value} is there, and ${owner} is not`);
  }
}

function* checkCounts(run: RoomRun, { counts }: RoomObservations): Generator<Anomaly> {
  const known = new Map<string, { certain: number; added: number }>(
    [...run.end.counters.keys()].map((counter) => [counter, { certain: 0, added: 0 }]),
  );
  for (const { room, counter, certain, added } of counts) {
    if (room !== run.end.room) continue;
    const sum = known.get(counter) ?? { certain: 0, added: 0 };
    known.set(counter, { certain: sum.certain + certain, added: sum.added + added });
  }
  for (const [counter, { certain, added }] of known) {
    const value = run.end.counters.get(counter) ?? 0;
    if (value >= certain && value <= added) continue;
    const expected = certain === added ? `${added}` : `${certain} to ${added}`;
    yield anomaly('miscounted', run, `${counter} is ${value}, and ${expected} were added`);
  }
}

function isSame(a: Attributes, b: Attributes): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, one] of a) {
    const other = b.get(key);
    if (one.value !== other?.value || one.owner !== other.owner || one.isDeletedOnLeave !== other.isDeletedOnLeave) return false;
  }
  return true;
}

const inWords = (attributes: Attributes): string =>
  `{${[...attributes].map(([key, { value, owner, isDeletedOnLeave }]) => `${key}=${value} (${owner}${isDeletedOnLeave ? ', goes' : ''})`).join(', ')}}`;

const name = ({ user, set, deleted, outcome }: ObservedChange): string => {
  const what = [...[...set].map(([key, value]) => `${key}=${value}`), ...deleted.map((key) => `-${key}`)].join(' ');
  return `${user}'s ${what} (${outcome.type})`;
};
