import {
  type ClientFrame,
  type ConversationEventInit,
  createUserProfile,
  type FriendRequestInit,
  RelationKind,
  type RelationChange,
  type RelationViewInit,
  RequestState,
  type ServerFrameInit,
  type UserProfile,
} from '@parley/wire';
import type { ManualClock } from './manual-clock.js';

type Body = NonNullable<ServerFrameInit['body']>;
type Request = NonNullable<ClientFrame['body']>;

/** One user's side of a relation. */
interface Side {
  isFriend: boolean;
  isBlocking: boolean;
  alias: string;
  attributes: Map<string, string>;
  request: FriendRequestInit | undefined;
}

export interface FakePeopleOptions {
  readonly clock: ManualClock;
  notify(conversation: string, event: ConversationEventInit, users: Iterable<string>): void;
}

/** Profiles and relations of the fake server; every step is allowed. */
export class FakePeople {
  readonly profiles = new Map<string, UserProfile>();
  readonly #sides = new Map<string, Side>();
  readonly #options: FakePeopleOptions;
  #version = 0;

  constructor(options: FakePeopleOptions) {
    this.#options = options;
  }

  /** Undefined for what is no request about people. */
  answer(user: string, body: Request): Body | undefined {
    switch (body.type) {
      case 'getUsers':
        return { type: 'users', value: { users: body.value.users.map((id) => this.#profile(id)) } };
      case 'updateProfile': {
        const { change } = body.value;
        const known = this.#profile(user);
        const {
          name = known.name,
          avatar = known.avatar,
          extension = known.extension,
        } = {
          ...(change?.name && { name: change.name.text }),
          ...(change?.avatar && { avatar: change.avatar.text }),
          ...(change?.extension && { extension: change.extension.text }),
        };
        const profile = { ...known, name, avatar, extension, version: known.version + 1 };
        this.profiles.set(user, profile);
        this.#options.notify(`u:${user}|${user}`, { body: { type: 'profile', value: { profile } } }, [user]);
        return { type: 'users', value: { users: [profile] } };
      }
      case 'changeRelations': {
        const results = body.value.others.map((other) => ({ other, relation: this.#step(user, other, body.value.step?.step) }));
        return { type: 'relationResults', value: { results } };
      }
      case 'checkRelations':
        return { type: 'relations', value: { relations: body.value.others.map((other) => this.#view(user, other)) } };
      case 'listRelations': {
        const all = [...this.#sides.keys()].map((key) => key.split('/')).filter(([of]) => of === user);
        const relations = all.map(([, other = '']) => this.#view(user, other)).filter((view) => isOf(body.value.kind, view));
        return { type: 'relations', value: { relations, count: relations.length } };
      }
      default:
        return undefined;
    }
  }

  #step(user: string, other: string, step: RelationChange['step']): RelationViewInit {
    const own = this.#side(user, other);
    const theirs = this.#side(other, user);
    const sentMs = this.#options.clock.now();
    if (step?.type === 'add' || (step?.type === 'answer' && step.value.isAccepted)) {
      own.isFriend = true;
      theirs.isFriend = true;
    }
    if (step?.type === 'ask') own.request = { text: step.value.text, sentMs, state: RequestState.WAITING };
    if (step?.type === 'answer' && theirs.request !== undefined) {
      const state = step.value.isAccepted ? RequestState.ACCEPTED : RequestState.REJECTED;
      theirs.request = { ...theirs.request, state, answeredMs: sentMs };
    }
    if (step?.type === 'remove') {
      own.isFriend = false;
      if (!step.value.isOneSided) theirs.isFriend = false;
    }
    if (step?.type === 'describe') {
      own.alias = step.value.alias?.text ?? own.alias;
      for (const key of step.value.deleted) own.attributes.delete(key);
      for (const { key, value } of step.value.set) own.attributes.set(key, value);
    }
    if (step?.type === 'block') own.isBlocking = step.value.isOn;
    this.#version++;
    for (const [viewer, whom] of [
      [user, other],
      [other, user],
    ] as const)
      this.#tell(viewer, whom);
    return this.#view(user, other);
  }

  #tell(viewer: string, other: string): void {
    const conversation = `u:${[viewer, other].sort().join('|')}`;
    this.#options.notify(conversation, { body: { type: 'relation', value: { relation: this.#view(viewer, other) } } }, [viewer]);
  }

  #view(user: string, other: string): RelationViewInit {
    const own = this.#side(user, other);
    const theirs = this.#side(other, user);
    return {
      ...{
        other,
        isFriend: own.isFriend,
        alias: own.alias,
        isBlocked: own.isBlocking,
        isBefriended: theirs.isFriend,
        version: this.#version,
      },
      attributes: [...own.attributes].map(([key, value]) => ({ key, value })),
      ...(own.request && { sent: own.request }),
      ...(theirs.request && { received: theirs.request }),
    };
  }

  #side(user: string, other: string): Side {
    const key = `${user}/${other}`;
    const side = this.#sides.get(key) ?? { isFriend: false, isBlocking: false, alias: '', attributes: new Map(), request: undefined };
    this.#sides.set(key, side);
    return side;
  }

  #profile(user: string): UserProfile {
    return this.profiles.get(user) ?? createUserProfile({ user });
  }
}

function isOf(kind: RelationKind, view: RelationViewInit): boolean {
  if (kind === RelationKind.FRIENDS) return view.isFriend === true;
  if (kind === RelationKind.BLOCKED) return view.isBlocked === true;
  return view.sent?.state === RequestState.WAITING || view.received?.state === RequestState.WAITING;
}
