import { UserService as Contract } from '@parley/contracts/user';
import { type AppRules, changeProfile, decideRelation, defaultRules, eraseSide, relationViewOf } from '@parley/domain';
import { type Clock, type ErrorName, ParleyError, parseConversation, type Result, type Refusal } from '@parley/kernel';
import { createInProcessRpc, type ServiceClient } from '@parley/rpc';
import { silentTelemetry } from '@parley/telemetry';
import {
  type Act,
  createAct,
  createConversationHead,
  encodeContent,
  encodeConversationEvent,
  type Relation,
  RelationKind,
  type RelationView,
  RequestState,
  type UserProfile,
} from '@parley/wire';
import type { UserDeps } from '../ports.js';
import { createUserService } from '../service.js';

const app = 'app';
const at = 'user:1';
const valueIn = <T>(result: Result<T, Refusal>): T => {
  if (result.ok) return result.value;
  throw ParleyError.of(result.error);
};

interface Talk {
  readonly members: Set<string>;
  readonly words: { readonly seq: number; readonly sender: string; readonly text: string }[];
  head: number;
  /** Up to where the words of users are gone. */
  readonly erased: Map<string, number>;
}

interface Told {
  readonly conversation: string;
  readonly onlyTo: readonly string[];
  readonly profile: UserProfile | undefined;
}

/** What the other services do for the user service, as far as it can tell: they decide by the real rules and keep all in memory. */
export class UserWorld {
  readonly relations = new Map<string, Relation>();
  readonly profiles = new Map<string, UserProfile>();
  readonly talks = new Map<string, Talk>();
  readonly told: Told[] = [];
  readonly acts: { readonly conversation: string; readonly sender: string; readonly act: Act }[] = [];
  readonly left: string[] = [];
  /** `<user> <partition>` for whom requests to groups were taken back. */
  readonly withdrawn: string[] = [];
  /** Users whose sessions were ended, and conversations that are no more. */
  readonly ended: string[] = [];
  files = 3;
  rules: AppRules = defaultRules;
  /** Calls that fail, by name, and how. */
  readonly failing = new Map<string, ErrorName>();
  /** Called before each call of another service. */
  beforeCall = (_name: string): void => {};
  /** Of each list of relations that is read. */
  beforeList = (_user: string): unknown => undefined;
  nowMs = 1_000_000;
  readonly #seqOf = new Map<string, number>();

  readonly clock: Clock = { now: () => this.nowMs, monotonic: () => this.nowMs, setTimer: () => () => {} };

  /** A client of the service under test; each call of this makes another process. */
  open(): ServiceClient<typeof Contract> {
    const rpc = createInProcessRpc();
    rpc.server(at).serve(Contract, createUserService(this.#deps()).handlers);
    return rpc.dialer.client(Contract, at);
  }

  say(conversation: string, sender: string, text: string): void {
    const talk = this.talkOf(conversation);
    talk.head++;
    talk.words.push({ seq: talk.head, sender, text });
  }

  talkOf(conversation: string): Talk {
    const parsed = parseConversation(conversation);
    const users: readonly string[] = parsed.ok && parsed.value.type === 'user' ? parsed.value.users : [];
    const talk = this.talks.get(conversation) ?? { members: new Set(users), words: [], head: 0, erased: new Map() };
    this.talks.set(conversation, talk);
    return talk;
  }

  /** Makes both friends, without asking anybody. */
  befriend(user: string, other: string): void {
    this.#step(user, other, { type: 'add', value: { isOneSided: false, alias: '' } }, '');
  }

  /** The user has asked the other one to be a friend. */
  ask(user: string, other: string): void {
    this.#step(user, other, { type: 'ask', value: { text: '', alias: '' } }, user);
  }

  viewsOf(user: string): readonly RelationView[] {
    const own = [...this.relations.values()].filter(({ a, b }) => a?.user === user || b?.user === user);
    return own.map((relation) => relationViewOf(relation, user)).sort((x, y) => (x.other < y.other ? -1 : 1));
  }

  viewOf = (user: string, other: string): RelationView | undefined => this.viewsOf(user).find((view) => view.other === other);

  /** What history shows of a user's words. */
  wordsOf(user: string): readonly string[] {
    const talks = [...this.talks.values()];
    return talks.flatMap(({ words, erased }) =>
      words.filter(({ seq, sender }) => sender === user && seq > (erased.get(user) ?? 0)).map(({ text }) => text),
    );
  }

  #deps(): UserDeps {
    return {
      clock: this.clock,
      telemetry: silentTelemetry,
      toJson: (typeName, bytes) => ({ typeName, bytes: bytes.length }),
      history: {
        getProfiles: this.#call('getProfiles', ({ users = [] }) => ({ profiles: users.flatMap((user) => this.profiles.get(user) ?? []) })),
        listRelations: this.#call('listRelations', ({ user = '', kind = 0, page = '', limit = 50 }) => {
          this.beforeList(user);
          return this.#listed(user, { kind, page, limit });
        }),
        getRelations: this.#call('getRelations', ({ user = '', others = [] }) => ({
          relations: others.flatMap((other) => {
            const view = this.viewOf(user, other);
            return view === undefined ? [] : [{ view, isBlockedBy: this.viewOf(other, user)?.isBlocked === true }];
          }),
        })),
        listConversations: this.#call('listConversations', ({ user = '', page = '', limit = 50 }) => {
          const ids = [...this.talks.keys()].filter((id) => this.#wasIn(id, user)).sort();
          const some = ids.filter((id) => id > page).slice(0, limit);
          const conversations = some.map((id) =>
            createConversationHead({ conversation: id, headSeq: this.talkOf(id).head, isMember: this.talkOf(id).members.has(user) }),
          );
          return { conversations, nextPage: some.length < limit ? '' : (some.at(-1) ?? ''), epoch: 'e', asOfMs: 0 };
        }),
        listUserMessages: this.#call('listUserMessages', ({ user = '' }) => {
          const events = [...this.talks].flatMap(([conversation, { words, erased }]) =>
            words
              .filter(({ seq, sender }) => sender === user && seq > (erased.get(user) ?? 0))
              .map(({ seq, sender, text }) => {
                const content = encodeContent({ kind: { type: 'text', value: { text } } });
                return encodeConversationEvent({ conversation, seq, sender, body: { type: 'content', value: content } });
              }),
          );
          return { events, nextPage: '' };
        }),
      },
      router: {
        act: this.#call('act', ({ conversation = '', sender = '', clientMsgId = '', act = {} }) => {
          const given = createAct(act);
          this.acts.push({ conversation, sender, act: given });
          return { timeMs: this.nowMs, ...this.#act(conversation, { sender, clientMsgId, act: given }) };
        }),
        notify: this.#call('notify', ({ conversation = '', notice }) => {
          const profile = notice?.body?.type === 'profile' ? (notice.body.value.profile as UserProfile) : undefined;
          this.told.push({ conversation, onlyTo: notice?.onlyTo ?? [], profile });
          return {};
        }),
      },
      partitions: 2,
      group: {
        leaveGroup: this.#call('leaveGroup', ({ group = '', user = '' }) => this.#leave(`g:${group}`, user, 'GROUP_NOT_FOUND')),
        withdrawRequests: this.#call('withdrawRequests', ({ user = '', partition = 0 }) => {
          this.withdrawn.push(`${user} ${partition}`);
          return { count: 0 };
        }),
      },
      room: { leaveRoom: this.#call('leaveRoom', ({ room = '', user = '' }) => this.#leave(`r:${room}`, user, 'ROOM_NOT_FOUND')) },
      media: {
        listMedia: this.#call('listMedia', () => ({ media: [], nextPage: '' })),
        eraseMedia: this.#call('eraseMedia', () => {
          const files = this.files;
          this.files = 0;
          return { files };
        }),
      },
      gateway: {
        disconnect: this.#call('disconnect', ({ user = '' }) => {
          this.ended.push(user);
          return { sessions: 1 };
        }),
      },
    };
  }

  #call<Request, Response>(name: string, answer: (request: Request) => Response): (request: Request) => Promise<Response> {
    return async (request) => {
      this.beforeCall(name);
      const error = this.failing.get(name);
      if (error !== undefined) throw new ParleyError(error);
      return answer(request);
    };
  }

  #wasIn(id: string, user: string): boolean {
    const { members, words } = this.talkOf(id);
    return members.has(user) || (!id.startsWith('r:') && words.some(({ sender }) => sender === user));
  }

  #listed(user: string, { kind, page, limit }: { readonly kind: RelationKind; readonly page: string; readonly limit: number }) {
    const isOfKind: Readonly<Record<number, (view: RelationView) => boolean>> = {
      [RelationKind.UNSPECIFIED]: () => true,
      [RelationKind.FRIENDS]: ({ isFriend }) => isFriend,
      [RelationKind.BLOCKED]: ({ isBlocked }) => isBlocked,
      [RelationKind.REQUESTS]: ({ sent, received }) =>
        [sent, received].some((request) => request !== undefined && request.state !== RequestState.UNSPECIFIED),
    };
    const all = this.viewsOf(user).filter(isOfKind[kind] ?? (() => false));
    const relations = all.filter(({ other }) => other > page).slice(0, limit);
    return { relations, nextPage: relations.length < limit ? '' : (relations.at(-1)?.other ?? ''), count: all.length };
  }

  #act(conversation: string, { sender, clientMsgId, act }: { readonly sender: string; readonly clientMsgId: string; readonly act: Act }) {
    const { kind } = act;
    if (kind?.type === 'relation') {
      const { user, other, step } = kind.value;
      if (step === undefined) throw new ParleyError('INVALID_ARGUMENT');
      return { seq: 0, version: this.#step(user, other, step, sender).version };
    }
    if (kind?.type === 'profile') {
      const user = conversation.split('|')[1] ?? '';
      const profile = { ...valueIn(changeProfile(this.profiles.get(user), kind.value)), user };
      this.profiles.set(user, profile);
      return { seq: 0, version: profile.version };
    }
    if (kind?.type !== 'erase') throw new ParleyError('UNSUPPORTED');
    if (this.ended.includes(conversation)) throw new ParleyError('CONVERSATION_NOT_FOUND');
    const key = conversation.slice('u:'.length);
    const relation = this.relations.get(key);
    if (relation !== undefined) this.relations.set(key, eraseSide(relation, kind.value.user, this.nowMs));
    if (kind.value.isRelationOnly) return { seq: 0, version: 0 };
    const talk = this.talkOf(conversation);
    const name = `${conversation}/${clientMsgId}`;
    const seq = this.#seqOf.get(name) ?? ++talk.head;
    this.#seqOf.set(name, seq);
    talk.erased.set(kind.value.user, Math.max(seq, talk.erased.get(kind.value.user) ?? 0));
    return { seq, version: 0 };
  }

  #step(user: string, other: string, step: NonNullable<Parameters<typeof decideRelation>[1]['step']>, sender: string): Relation {
    const key = [user, other].sort().join('|');
    const context = { timeMs: this.nowMs, isPrivileged: sender === '', rules: this.rules };
    const relation = valueIn(decideRelation(this.relations.get(key), { user, other, step }, context));
    this.relations.set(key, relation);
    return relation;
  }

  #leave(id: string, user: string, otherwise: ErrorName): Record<string, never> {
    if (!this.talkOf(id).members.delete(user)) throw new ParleyError(otherwise);
    this.left.push(id);
    return {};
  }
}

/** The error's name; undefined where the call succeeds. */
export const errorOf = (call: Promise<unknown>): Promise<ErrorName | undefined> =>
  call.then(
    () => undefined,
    (error: unknown) => ParleyError.from(error).error,
  );

export { app };
