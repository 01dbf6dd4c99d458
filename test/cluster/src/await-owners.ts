import {
  channelOfUser,
  conversationOfGroup,
  conversationOfRoom,
  type GroupId,
  partitionOf,
  type RoomId,
  sleep,
  systemClock,
} from '@parley/kernel';

/** A back-end API to ask. */
export interface Door {
  readonly adminUrl: string;
  readonly adminKey: string;
  /** Any app that is served. */
  readonly app: string;
}

/** A call that only the owner of the id's partition answers; for an id that nobody uses it changes nothing. */
interface Probe {
  readonly call: string;
  readonly keyOf: (id: string) => string;
  readonly request: (id: string) => Readonly<Record<string, unknown>>;
}

const groupKey = (id: string): string => conversationOfGroup(id as GroupId);
const roomKey = (id: string): string => conversationOfRoom(id as RoomId);

const probes: readonly Probe[] = [
  { call: 'history/getConversation', keyOf: groupKey, request: (id) => ({ conversation: groupKey(id) }) },
  { call: 'router/queryPresence', keyOf: channelOfUser, request: (id) => ({ users: [id] }) },
  { call: 'group/getGroup', keyOf: groupKey, request: (group) => ({ group }) },
  { call: 'room/getRoom', keyOf: roomKey, request: (room) => ({ room }) },
];

/** What an owner answers for an id that nobody uses; nothing where that is no error. */
const ownersAnswers: ReadonlySet<string> = new Set(['', 'GROUP_NOT_FOUND', 'ROOM_NOT_FOUND']);

const askAgainMs = 50;
const withinMs = 60_000;
const answerWithinMs = 15_000;

/**
 * Resolves when every partition of history, router, group and room has an owner at work. A process may be ready
 * before: it does not know which partitions it will get. Throws with the last answer when it takes over a minute.
 */
export async function awaitOwners(door: Door, partitions: number): Promise<void> {
  const deadline = systemClock.monotonic() + withinMs;
  const asked = probes.flatMap((probe) =>
    idsOfPartitions(door.app, probe.keyOf, partitions).map((id) => awaitOwner(door, { probe, id, deadline })),
  );
  await Promise.all(asked);
}

/** One id for each partition, in their order. */
export function idsOfPartitions(app: string, keyOf: (id: string) => string, partitions: number): readonly string[] {
  const ids: string[] = [];
  for (let number = 0, found = 0; found < partitions; number++) {
    const id = `probe-${number}`;
    const partition = partitionOf(app, keyOf(id), partitions);
    if (ids[partition] !== undefined) continue;
    ids[partition] = id;
    found++;
  }
  return ids;
}

interface Question {
  readonly probe: Probe;
  readonly id: string;
  readonly deadline: number;
}

async function awaitOwner(door: Door, { probe, id, deadline }: Question): Promise<void> {
  for (;;) {
    const answer = await ask(door, probe.call, probe.request(id)).catch((error: unknown) => String(error));
    if (ownersAnswers.has(answer)) return;
    if (systemClock.monotonic() > deadline) throw new Error(`${probe.call} for ${id}: ${answer}`);
    await sleep(systemClock, askAgainMs);
  }
}

/** The name of the error; empty without one. */
async function ask({ adminUrl, adminKey, app }: Door, call: string, request: object): Promise<string> {
  const response = await fetch(`${adminUrl}/v1/${call}`, {
    ...{ method: 'POST', body: JSON.stringify({ app, ...request }) },
    headers: { authorization: `Bearer ${adminKey}` },
    signal: AbortSignal.timeout(answerWithinMs),
  });
  if (response.ok) return '';
  const { error } = (await response.json()) as { readonly error?: { readonly name?: string } };
  return error?.name ?? `HTTP ${response.status}`;
}
