import {
  type Anomaly,
  checkHistory,
  checkMembers,
  checkReading,
  checkStates,
  type Entitlement,
  type MessageView,
  staysOf,
  type StoredEvent,
} from '@parley/testkit';
import type { Actor } from '../world/actor.js';
import type { BackEnd } from '../world/back-end.js';
import { expectSameList, ServerView } from '../world/server-view.js';
import type { Cast } from './cast.js';
import type { Follower } from './follower.js';
import { membersOf, readingsAtRest, readServerRecord, type ServerRecord } from './server-record.js';

export type ServerRecords = ReadonlyMap<string, ServerRecord>;

/** Refusals of acts that can only be told on a run's end whether they are right. */
const lateRefusals: readonly string[] = ['MESSAGE_NOT_FOUND', 'CONVERSATION_NOT_FOUND'];

/** Everything that is stored, as far as anybody was told that something is. */
export async function readServerRecords({ recorder, conversations }: Cast, backEnd: BackEnd): Promise<ServerRecords> {
  const acknowledged = new Map<string, number>();
  for (const { conversation, outcome } of recorder.sends) {
    if (outcome.type === 'ok') acknowledged.set(conversation, Math.max(outcome.seq, acknowledged.get(conversation) ?? 0));
  }
  const records = new Map<string, ServerRecord>();
  for (const id of conversations.keys()) {
    // A history that never gets that far has lost something: then what it has is to be compared.
    const whole = readServerRecord(backEnd, id, acknowledged.get(id) ?? 0);
    records.set(id, await whole.catch(() => readServerRecord(backEnd, id, 0)));
  }
  return records;
}

/** Compares what everybody was answered, was handed and shows with what the server has; nobody does anything any more. */
export async function verdictOn(cast: Cast, records: ServerRecords, backEnd: BackEnd): Promise<readonly Anomaly[]> {
  const { sends, deliveries, passages } = cast.recorder;
  const server = new ServerView(backEnd);
  const lists = await Promise.all(cast.followers.map(({ actor }) => checkList(actor, server)));
  // Clients collect readings: some are told after the server was asked.
  const readings = [...cast.recorder.readings];
  const history = new Map([...records].map(([conversation, { events }]) => [conversation, events]));
  const entitlements = [...rightsIn(cast)].flatMap((right) => entitlementsOf(right, history.get(right.conversation) ?? []));
  const users = new Set(cast.followers.map(({ actor }) => actor.user));
  const atRest = (await Promise.all([...users].map((user) => readingsAtRest(backEnd, user)))).flat();
  const groups = [...history.keys()].filter((conversation) => conversation.startsWith('g:'));
  const members = new Map(await Promise.all(groups.map(async (group) => [group, await membersOf(backEnd, group)] as const)));
  return [
    ...checkHistory({ sends, deliveries, history, entitlements }),
    ...checkStates({ sends, deliveries, history, views: await viewsOf(cast, records) }),
    ...checkMembers({ deliveries, history, passages, members }),
    ...checkReading({ history, readings, atRest }),
    ...lists.flat(),
  ];
}

/**
 * G8: a device lists the user's conversations as the server has them, with what is unread and how far everybody has read, as soon
 * as the last that clients have collected is told.
 */
async function checkList(actor: Actor, server: ServerView): Promise<readonly Anomaly[]> {
  try {
    await expectSameList(actor, server);
    return [];
  } catch (difference) {
    return [{ type: 'divergent', conversation: '', detail: difference instanceof Error ? difference.message : String(difference) }];
  }
}

/** Who has to have what in the end. */
export interface Right {
  readonly follower: Follower;
  readonly conversation: string;
}

export function* rightsIn({ conversations, followers, passersBy, busyGroup }: Cast): Generator<Right> {
  const passing = followers.slice(followers.length - passersBy.length);
  for (const [conversation, users] of conversations) {
    for (const follower of followers) if (users.includes(follower.actor.user)) yield { follower, conversation };
  }
  for (const follower of passing) yield { follower, conversation: busyGroup };
}

/** Whoever was refused something learns it from the checks; everybody else has to be answered in the end. */
export function unanswered({ recorder, followers, passersBy }: Cast): readonly string[] {
  const passing = new Set(followers.slice(followers.length - passersBy.length).map(({ actor }) => actor.user));
  return recorder.sends.flatMap(({ conversation, clientMsgId, sender, act, priority, outcome }) => {
    if (outcome.type === 'ok') return [];
    const mayBe = outcome.type === 'refused' && (act !== undefined || passing.has(sender)) && lateRefusals.includes(outcome.code);
    if (mayBe) return [];
    const what = act === undefined ? clientMsgId : JSON.stringify(act);
    return [`${what} (${priority}) in ${conversation}: ${outcome.type === 'refused' ? outcome.code : 'no answer'}`];
  });
}

function entitlementsOf({ follower, conversation }: Right, events: readonly StoredEvent[]): readonly Entitlement[] {
  const { device } = follower;
  const { user } = follower.actor;
  // Who starts over enters the room again, and begins where it is then.
  const from = conversation.startsWith('r:') && follower.resets > 0 ? follower.firstSeqIn(conversation) : 1;
  const stays = conversation.startsWith('g:') ? staysOf(user, events) : [{ from, to: events.at(-1)?.seq ?? 0 }];
  return stays.map((stay) => ({ device, conversation, ...stay }));
}

/** In rooms there are neither acts nor pages for who is not in them at that moment. */
async function viewsOf(cast: Cast, records: ServerRecords): Promise<readonly MessageView[]> {
  const views: MessageView[] = [];
  for (const { follower, conversation } of rightsIn(cast)) {
    if (conversation.startsWith('r:')) continue;
    views.push(follower.viewOf(conversation), await follower.readView(conversation));
  }
  for (const follower of cast.followers) views.push(...(await follower.shownViews()));
  return [...[...records.values()].map(({ view }) => view), ...views];
}
