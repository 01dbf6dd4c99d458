import type { Clock, Random } from '@parley/kernel';
import type { MemberAttributesChanged, RoomInfo, RoomMember, RoomTally } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ConversationHandle } from '../conversation-handle.js';
import { Emitter, type Off } from '../emitter.js';
import type { Membership } from '../events.js';
import type { SdkLimits } from '../limits.js';
import { serverLimits } from '../server-limits.js';
import type { Requester } from '../requester.js';
import { CounterFeed } from './counter-feed.js';
import type { OwnRoomEvents, Room } from './room.js';
import { RoomCopy, type RoomStep, type TimedChange } from './room-copy.js';
import type { RoomAttributeValue, RoomBehaviour, RoomMuteEntry, RoomRoleName, RoomSnapshot } from './room-details.js';
import { tellDifference } from './room-diff.js';
import { type RoomConnectionState, type RoomEvents, type RoomStateCause, type TellRoomEvent, tellThrough } from './room-events.js';
import { roleIn } from './room-fold.js';
import { RoomOperations } from './room-operations.js';

/** What the server says of a room and its members. */
export type RoomNotice =
  | { readonly type: 'roomChange'; readonly value: TimedChange }
  | { readonly type: 'roomTally'; readonly value: RoomTally }
  | { readonly type: 'memberAttributes'; readonly value: MemberAttributesChanged }
  | { readonly type: 'membership'; readonly value: Membership };

export interface LiveRoomOptions {
  readonly id: string;
  readonly conversation: ConversationHandle;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: SdkLimits;
  self(): string;
  readonly call: Requester['call'];
  /** Tells the application through the client. */
  readonly tell: TellRoomEvent;
  error(error: ParleyClientError): void;
  /** The server has ended the membership. */
  ended(cause: RoomStateCause): void;
  /** The server says that the user is not in the room. */
  lost(error: ParleyClientError): void;
  leave(): Promise<void>;
  destroy(): Promise<void>;
}

/** Until the server has answered that the user is in, what it says is kept, for the answer may be older. */
export class LiveRoom extends RoomOperations implements Room {
  readonly #options: LiveRoomOptions;
  readonly #events = new Emitter<OwnRoomEvents>();
  readonly #copy: RoomCopy;
  readonly #counters: CounterFeed;
  /** Version of the attributes of each member of whom something was told. */
  readonly #memberVersions = new Map<string, number>();
  #state: RoomConnectionState = 'connecting';
  #entriesUnderWay = 0;
  #early: RoomNotice[] = [];
  #hasMissed = false;
  /** The server has said once that the user is not in the room. */
  #isSaidToBeOut = false;
  #stayEndsAt = 0;
  /** The user has to enter before the room is up to date, again where they were in before. */
  needsEntry = true;

  constructor(options: LiveRoomOptions) {
    super(options.id, options.conversation, options.call);
    this.#options = options;
    const { clock, random, limits, self, call, id } = options;
    this.#copy = new RoomCopy({
      ...{ clock, random, limits, self },
      fetch: () => call({ body: { type: 'getRoom', value: { room: id } }, expect: 'room', isImmediate: true }),
      stepped: (before, step) => this.#stepped(before, step),
      refused: (error) => this.#refused(error),
    });
    this.#counters = new CounterFeed({
      ...{ clock, random, limits },
      send: async (counter, nonce, total) => {
        const body = { type: 'incrementCounter', value: { room: id, counter, nonce, total } } as const;
        return (await call({ body, expect: 'newValue', isImmediate: true })).value;
      },
      counted: (counter, value) => {
        if (this.#state === 'connected') this.#copy.counted(counter, value);
      },
      error: (error) => options.error(error),
    });
    this.#tell('roomStateChanged', { room: id, state: 'connecting', cause: 'entering' });
  }

  get state(): RoomConnectionState {
    return this.#state;
  }

  get name(): string {
    return this.#copy.snapshot.name;
  }

  get memberCount(): number {
    return this.#copy.snapshot.memberCount;
  }

  get owner(): string {
    return this.#copy.snapshot.owner;
  }

  get moderators(): readonly string[] {
    return this.#copy.snapshot.moderators;
  }

  get role(): RoomRoleName {
    return roleIn(this.#copy.snapshot, this.#options.self());
  }

  get attributes(): ReadonlyMap<string, RoomAttributeValue> {
    return this.#copy.snapshot.attributes;
  }

  get stateVersion(): number {
    return this.#copy.snapshot.stateVersion;
  }

  get counters(): ReadonlyMap<string, number> {
    return this.#copy.snapshot.counters;
  }

  get mutes(): readonly RoomMuteEntry[] {
    return this.#copy.snapshot.mutes;
  }

  get mutedUntilMs(): number {
    const { role, mutes } = this;
    if (role === 'owner') return 0;
    const self = this.#options.self();
    const own = mutes.find(({ user }) => user === self)?.untilMs;
    if (own === 0) return 0;
    return Math.max(own ?? 0, mutes.find((mute) => mute.role === role)?.untilMs ?? 0);
  }

  get options(): RoomBehaviour {
    return this.#copy.snapshot.options;
  }

  get createdMs(): number {
    return this.#copy.snapshot.createdMs;
  }

  get firstSeq(): number {
    return this.#copy.snapshot.firstSeq;
  }

  on<Name extends keyof OwnRoomEvents>(name: Name, listener: (value: OwnRoomEvents[Name]) => void): Off {
    return this.#events.on(name, listener);
  }

  like(count?: number): void {
    this.increment('likes', count);
  }

  increment(counter: string, count = 1): void {
    if (!Number.isSafeInteger(count) || count < 1) throw ParleyClientError.of('INVALID_ARGUMENT', 'count: a positive whole number');
    if (counter === '' || counter.length > serverLimits.counterNameBytesMax) throw ParleyClientError.of('INVALID_ARGUMENT', 'counter');
    this.#counters.add(counter, count);
  }

  leave(): Promise<void> {
    return this.#options.leave();
  }

  destroy(): Promise<void> {
    return this.#options.destroy();
  }

  get isEntering(): boolean {
    return this.#entriesUnderWay > 0;
  }

  /** An entry is asked for; one of the next two follows. */
  asking(): void {
    this.#entriesUnderWay++;
  }

  /** The answer. */
  entered(info: RoomInfo): void {
    this.#entriesUnderWay--;
    if (this.#state === 'disconnected') return;
    const stay = this.#options.clock.monotonic() < this.#stayEndsAt ? 'same' : 'another';
    this.#stayEndsAt = Number.POSITIVE_INFINITY;
    this.needsEntry = false;
    this.#copy.enter(info);
    this.#counters.resume(stay);
    if (this.#hasMissed) this.#copy.doubt();
    this.#hasMissed = false;
    this.#replay();
  }

  notEntered(): void {
    this.#entriesUnderWay--;
    this.#replay();
  }

  /** The connection is gone, or the server has given the place away. */
  interrupt(cause: 'connection-lost' | 'offline'): void {
    const { clock } = this.#options;
    this.#stayEndsAt = cause === 'offline' ? 0 : Math.min(this.#stayEndsAt, clock.monotonic() + stayLastsMs);
    if (cause === 'offline') this.needsEntry = true;
    this.#early = [];
    this.#pause();
    this.#move('connecting', cause);
  }

  /** The server kept the place, and nothing was missed. */
  resume(): void {
    this.#stayEndsAt = Number.POSITIVE_INFINITY;
    this.#copy.resume();
    this.#counters.resume('same');
    this.#move('connected', 'resumed');
  }

  /** Out. The last of what was known stays. */
  end(cause: RoomStateCause, error?: ParleyClientError): void {
    this.#pause();
    this.#early = [];
    this.#move('disconnected', cause, error);
  }

  /** Tells the server what it has not confirmed of the counters; bounded. */
  flush(): Promise<void> {
    return this.#counters.flush();
  }

  /** Something may have been missed. */
  doubt(): void {
    if (this.#state === 'connected') this.#copy.doubt();
  }

  receive(notice: RoomNotice): void {
    if (this.#state === 'disconnected') return;
    if (!this.isEntering && !this.needsEntry) this.#apply(notice);
    else if (this.#early.length < this.#options.limits.heldMax) this.#early.push(notice);
    else this.#hasMissed = true;
  }

  /** What a list of members says counts as seen. */
  noteMembers(members: readonly RoomMember[]): void {
    for (const { user, attributesVersion } of members) this.#noteMember(user, attributesVersion);
  }

  /** Transient messages were dropped. */
  dropped(value: RoomEvents['messagesDropped']): void {
    this.#events.emit('messagesDropped', value);
  }

  protected override reach(version: number): Promise<void> {
    return this.#copy.reach(version);
  }

  #pause(): void {
    this.#copy.pause();
    this.#counters.pause();
  }

  #replay(): void {
    if (this.isEntering || this.needsEntry) return;
    const early = this.#early;
    this.#early = [];
    for (const notice of early) this.receive(notice);
  }

  #apply(notice: RoomNotice): void {
    switch (notice.type) {
      case 'roomChange':
        this.#copy.change(notice.value);
        break;
      case 'roomTally':
        this.#copy.tally(notice.value);
        break;
      case 'memberAttributes':
        this.#memberAttributes(notice.value);
        break;
      default:
        this.#membership(notice.value);
    }
  }

  /** Why the user is out may still be on its way, so the server is asked twice. */
  #refused(error: ParleyClientError): void {
    if (error.name !== 'ROOM_NOT_FOUND') {
      this.#options.error(error);
    } else if (this.#isSaidToBeOut) {
      this.#options.lost(error);
    } else {
      this.#isSaidToBeOut = true;
      this.#copy.doubt();
    }
  }

  #membership(change: Membership): void {
    if (change.version <= this.#copy.snapshot.version) return;
    if (change.closed || change.left.includes(this.#options.self())) {
      this.#options.ended(change.cause !== '' ? change.cause : change.closed ? 'destroyed' : 'left');
      return;
    }
    for (const user of change.left) this.#memberVersions.delete(user);
    for (const user of change.joined) this.#noteMember(user, 0);
    this.#copy.membership(change);
  }

  #memberAttributes({ user, version, set, deleted, operator }: MemberAttributesChanged): void {
    const known = this.#memberVersions.get(user);
    if (known !== undefined && version <= known) return;
    this.#noteMember(user, version);
    this.#tell('roomMemberAttributesUpdated', {
      ...{ room: this.id, user, version, deleted, operator },
      set: new Map(set.map(({ key, value }) => [key, value])),
      isComplete: version === (known ?? 0) + 1,
    });
    this.#events.emit('changed', this);
  }

  /** In rooms where everybody is told of members there are not many more of them than this. */
  #noteMember(user: string, version: number): void {
    if (this.#memberVersions.size < 2 * serverLimits.roomVisibleMembersMax) this.#memberVersions.set(user, version);
  }

  #stepped(before: RoomSnapshot, step: RoomStep): void {
    if (this.#state === 'disconnected') return;
    const after = this.#copy.snapshot;
    if (step.type === 'entered') this.#move('connected', 'entered');
    if (step.type === 'entered' || step.type === 'refreshed') {
      this.#memberVersions.clear();
      this.#isSaidToBeOut = false;
    }
    // At the first entry everything is new, which the state says.
    if (before.stateVersion > 0) {
      tellDifference({ before, after }, { room: this.id, operator: step.type === 'changed' ? step.operator : '' }, this.#tell);
      this.#tellMembers(before, step);
    }
    this.#events.emit('changed', this);
  }

  #tellMembers(before: RoomSnapshot, step: RoomStep): void {
    const { id: room, memberCount } = this;
    if (step.type === 'changed' || (step.type === 'counted' && memberCount === before.memberCount)) return;
    if (step.type === 'membership') {
      const { joined, left, cause, operator } = step.change;
      this.#tell('roomMembersChanged', { room, joined, left, cause, operator, memberCount, isComplete: true });
    } else {
      this.#tell('roomMembersChanged', { room, joined: [], left: [], cause: '', operator: '', memberCount, isComplete: false });
    }
  }

  #move(state: RoomConnectionState, cause: RoomStateCause, error?: ParleyClientError): void {
    if (this.#state === state || this.#state === 'disconnected') return;
    this.#state = state;
    this.#tell('roomStateChanged', { room: this.id, state, cause, ...(error === undefined ? {} : { error }) });
    if (state !== 'connected' || cause === 'resumed') this.#events.emit('changed', this);
  }

  readonly #tellOwn = tellThrough(this.#events);
  readonly #tell: TellRoomEvent = (name, value) => {
    this.#tellOwn(name, value);
    this.#options.tell(name, value);
  };
}

/**
 * For so long after a connection was lost the server surely counts the user as in, and so counts go on under the same
 * nonce: it gives the place away after 30 seconds, and a client notices a loss within 20.
 */
const stayLastsMs = 8_000;
