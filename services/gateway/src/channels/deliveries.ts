import { type Delivery, LinkClass, type MembershipControl } from '@parley/contracts/router';
import type { Clock } from '@parley/kernel';
import { laneOf } from '@parley/lanes';
import { decodeConversationEvent } from '@parley/wire';
import { chunkOf } from '../outbound/chunk.js';
import type { Outbound, OutboundEvent } from '../outbound/outbound.js';
import { type QueueIndex, queues } from '../outbound/outbox.js';
import { type LocalUser, userChannelPrefix } from '../sessions/local-user.js';
import type { SessionTable } from '../sessions/session-table.js';
import type { Channel, LocalMember } from './channel.js';
import { bodyFieldOf, bodyFields } from './event-body.js';
import { TypingThrottle } from './typing-throttle.js';
import type { ChannelTable } from './channel-table.js';

export interface DeliveriesDeps {
  /** Id of this process. */
  readonly peer: string;
  readonly channels: ChannelTable;
  readonly sessions: SessionTable;
  readonly outbound: Outbound;
  readonly clock: Clock;
  /** A channel with so many local members counts as large. */
  readonly bulkMembers: number;
  /** At most so often lookers are told that one user types in one conversation, milliseconds. */
  readonly typingEveryMs: number;
  /** The user may have become a member of a channel that is not heard yet. */
  readonly onMembershipUnclear: (user: LocalUser, channel: string) => void;
}

/** One delivery being handed out. */
interface Handout {
  readonly delivery: Delivery;
  readonly linkClass: LinkClass;
  readonly event: OutboundEvent | undefined;
  readonly stamp: number;
  readonly nowMs: number;
  /** Whom the event is for, where it is not for all. */
  readonly audience: Audience | undefined;
}

/** `chosen`: these users, and the others get what stands in its place; `lookers`: who looks, but for who types. */
type Audience =
  | { readonly type: 'chosen'; readonly users: ReadonlySet<string>; readonly withheld: OutboundEvent | undefined }
  | { readonly type: 'lookers'; readonly typist: string };

/** Hands what the routers deliver to local sessions, and lets membership changes take effect in their order. */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  readonly #typing: TypingThrottle;
  #stamp = 0;

  constructor(deps: DeliveriesDeps) {
    this.#deps = deps;
    this.#typing = new TypingThrottle(deps.typingEveryMs);
  }

  deliver(delivery: Delivery, linkClass: LinkClass): void {
    const nowMs = this.#deps.clock.monotonic();
    let audience: Audience | undefined;
    if (delivery.isForLookers) {
      audience = this.#lookersOf(delivery, nowMs);
      if (audience === undefined) return;
    } else if (delivery.onlyTo.length > 0) {
      const withheld = eventOf(delivery, delivery.withheld);
      audience = { type: 'chosen', users: new Set(delivery.onlyTo), withheld };
    }
    const event = eventOf(delivery, delivery.event);
    const handout: Handout = { delivery, linkClass, event, stamp: ++this.#stamp, nowMs, audience };
    for (const name of delivery.channels) {
      if (name.startsWith(userChannelPrefix)) this.#toUser(handout, name.slice(userChannelPrefix.length));
      else this.#toChannel(handout, name);
    }
  }

  #toUser(handout: Handout, userId: string): void {
    const { delivery, linkClass, event } = handout;
    const user = this.#deps.sessions.user(delivery.app, userId);
    if (user === undefined) return;
    if (handout.audience === undefined) this.#send(handout, event, user);
    else this.#sendChosen(handout, event, user);
    const { control } = delivery;
    // The same control comes on each class; one of them is enough to find out.
    if (control === undefined || linkClass === LinkClass.NORMAL || !control.joined.includes(userId)) return;
    const isHeard = this.#deps.channels.get(delivery.app, control.channel)?.members.has(user) === true;
    if (!isHeard) this.#deps.onMembershipUnclear(user, control.channel);
  }

  #toChannel(handout: Handout, name: string): void {
    const { delivery, linkClass, event } = handout;
    const channel = this.#deps.channels.get(delivery.app, name);
    // What comes on a channel shows that the router has the subscription, also where the answer that says so is still
    // on its way: that one comes on the urgent class, and may be later than a change of membership on the other.
    if (channel === undefined) return;
    if (!delivery.isForLookers) channel.spokeAt = this.#deps.channels.nextStamp();
    channel.heardSeq = Math.max(channel.heardSeq, delivery.seq);
    const control = delivery.control?.channel === name ? delivery.control : undefined;
    if (control !== undefined) this.#join(channel, control, handout);
    if (event !== undefined && channel.check === undefined) {
      const isBulk = event.queue !== queues.urgent && channel.members.size >= this.#deps.bulkMembers;
      const toMember = isBulk ? { ...event, isBulk } : event;
      const isForAll = handout.audience === undefined;
      for (const [user, member] of channel.members) {
        if (!hears(member, linkClass) || (event.seq !== 0 && event.seq < member.sinceSeq)) continue;
        if (isForAll) this.#send(handout, toMember, user);
        else this.#sendChosen(handout, toMember, user);
      }
    }
    if (control !== undefined) this.#leave(channel, control, handout);
  }

  /** Who joined hears the event that says so. */
  #join(channel: Channel, control: MembershipControl, { delivery, linkClass }: Handout): void {
    for (const userId of control.joined) {
      channel.check?.overrides.set(userId, 'joined');
      const user = this.#deps.sessions.user(delivery.app, userId);
      if (user === undefined || user.sessions.length === 0) continue;
      user.refresh?.overrides.set(channel.id, { type: 'joined', sinceSeq: delivery.seq });
      const member = channel.members.get(user) ?? { hearsUrgent: false, hearsNormal: false, sinceSeq: delivery.seq };
      setHears(member, linkClass, true);
      channel.add(user, member);
    }
  }

  /** Who left has heard the event that says so, and hears nothing after it. */
  #leave(channel: Channel, control: MembershipControl, { delivery, linkClass, nowMs }: Handout): void {
    const gone = control.closed ? [...channel.members.keys()].map((user) => user.id) : control.left;
    for (const userId of gone) {
      channel.check?.overrides.set(userId, 'left');
      const user = this.#deps.sessions.user(delivery.app, userId);
      if (user === undefined) continue;
      user.refresh?.overrides.set(channel.id, { type: 'left' });
      const member = channel.members.get(user);
      if (member === undefined) continue;
      setHears(member, linkClass, false);
      if (!member.hearsUrgent && !member.hearsNormal) channel.remove(user, nowMs);
    }
  }

  /** Undefined: nobody is told, because it was told a moment ago. */
  #lookersOf({ app, event }: Delivery, nowMs: number): Audience | undefined {
    const typing = decodeConversationEvent(event);
    return this.#typing.passes(app, typing, nowMs) ? { type: 'lookers', typist: typing.sender } : undefined;
  }

  #sendChosen(handout: Handout, event: OutboundEvent | undefined, user: LocalUser): void {
    const { audience } = handout;
    if (audience?.type === 'lookers') {
      if (user.id !== audience.typist) this.#sendToLookers(handout, user);
    } else if (audience !== undefined) {
      this.#send(handout, audience.users.has(user.id) ? event : audience.withheld, user);
    }
  }

  /** Whoever does not look, or cannot keep up, has missed nothing that counts. */
  #sendToLookers({ delivery, event, stamp }: Handout, user: LocalUser): void {
    if (event === undefined) return;
    for (const { connection } of user.sessions) {
      if (connection === undefined || connection.looking !== delivery.conversation || connection.deliveryStamp === stamp) continue;
      connection.deliveryStamp = stamp;
      if (connection.outbox?.congestedSinceMs === undefined) this.#deps.outbound.sendEvent(connection, event);
    }
  }

  #send({ delivery, stamp, nowMs }: Handout, event: OutboundEvent | undefined, user: LocalUser): void {
    if (event === undefined) return;
    const isOwn = delivery.exceptPeer !== '' && delivery.exceptPeer === this.#deps.peer;
    for (const session of user.sessions) {
      const { connection } = session;
      if (connection === undefined) {
        session.hasMissed = true;
        continue;
      }
      if (connection.deliveryStamp === stamp) continue;
      connection.deliveryStamp = stamp;
      if (isOwn && connection.id === delivery.exceptConnection) continue;
      session.lastEventMs = nowMs;
      this.#deps.outbound.sendEvent(connection, event);
    }
  }
}

const queueByLane = { system: queues.urgent, high: queues.urgent, medium: queues.normal, low: queues.low } as const;

function eventOf({ priority, conversation, seq }: Delivery, event: Uint8Array): OutboundEvent | undefined {
  if (event.length === 0) return undefined;
  const queue: QueueIndex = queueByLane[laneOf(priority)];
  const isTally = queue === queues.normal && seq === 0 && bodyFieldOf(event) === bodyFields.roomTally;
  return { chunk: chunkOf({ body: { type: 'event', value: event } }), queue, conversation, seq, isTally, isBulk: false };
}

const hears = (member: LocalMember, linkClass: LinkClass): boolean =>
  linkClass === LinkClass.NORMAL ? member.hearsNormal : member.hearsUrgent;

/** A class that is not told stands for both. */
function setHears(member: LocalMember, linkClass: LinkClass, isHearing: boolean): void {
  if (linkClass !== LinkClass.NORMAL) member.hearsUrgent = isHearing;
  if (linkClass !== LinkClass.URGENT) member.hearsNormal = isHearing;
}
