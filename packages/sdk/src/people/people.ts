import { type RelationChangeInit, RelationKind, type UserProfile } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { ClientParts } from '../client-parts.js';
import { type RelationInfo, relationOf } from './relation-details.js';

/** What became of a step towards one user. */
export interface RelationOutcome {
  readonly other: string;
  /** Absent when it was done. */
  readonly error?: ParleyClientError;
  readonly relation?: RelationInfo;
}

export interface RelationsPage {
  readonly relations: readonly RelationInfo[];
  readonly nextPage: string;
  /** Of all pages. */
  readonly count: number;
}

type Step = NonNullable<RelationChangeInit['step']>;
type Whom = string | readonly string[];
interface PageQuery {
  readonly page?: string;
  readonly limit?: number;
}

/**
 * Profiles, friends, blocked users. Steps go to one user or up to 20: towards one they reject when they are refused, towards
 * several each outcome says for itself.
 */
export class People {
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  /** The own profile; empty with version 0 when it was never set. */
  async me(): Promise<UserProfile> {
    const user = this.#parts.self();
    const [profile = { user, name: '', avatar: '', extension: '', version: 0, isErased: false }] = await this.get([user]);
    return profile;
  }

  /** Changes the own profile; what is absent stays. */
  async update(change: { name?: string; avatar?: string; extension?: string }): Promise<UserProfile> {
    const { name, avatar, extension } = change;
    const value = { change: { name: textOf(name), avatar: textOf(avatar), extension: textOf(extension) } };
    const { users } = await this.#parts.requests.call({ body: { type: 'updateProfile', value }, expect: 'users', isRepeatable: true });
    const [profile] = users;
    if (profile === undefined) throw ParleyClientError.of('INTERNAL', 'no profile');
    return profile;
  }

  /** Profiles of others, at most 100; those who never set anything are left out. */
  async get(users: readonly string[]): Promise<readonly UserProfile[]> {
    return (await this.#parts.requests.call({ body: { type: 'getUsers', value: { users } }, expect: 'users', isRepeatable: true })).users;
  }

  friends(query: PageQuery = {}): Promise<RelationsPage> {
    return this.#list(RelationKind.FRIENDS, query);
  }

  blocked(query: PageQuery = {}): Promise<RelationsPage> {
    return this.#list(RelationKind.BLOCKED, query);
  }

  /** Requests to be friends, sent and received, of the last 7 days. */
  requests(query: PageQuery = {}): Promise<RelationsPage> {
    return this.#list(RelationKind.REQUESTS, query);
  }

  /** What others are to this user, at most 100. */
  async check(others: readonly string[]): Promise<readonly RelationInfo[]> {
    const body = { type: 'checkRelations', value: { others } } as const;
    return (await this.#parts.requests.call({ body, expect: 'relations', isRepeatable: true })).relations.map(relationOf);
  }

  /** Friends at once, where the application does not ask for requests. */
  add(whom: Whom, alias?: string): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'add', value: { alias } });
  }

  /** Asks to be friends. */
  ask(whom: Whom, options: { text?: string; alias?: string } = {}): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'ask', value: options });
  }

  answer(whom: Whom, isAccepted: boolean): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'answer', value: { isAccepted } });
  }

  /** Ends a friendship; one-sided: this user stays in the other's list. */
  remove(whom: Whom, options: { isOneSided?: boolean } = {}): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'remove', value: options });
  }

  /** Own name and attributes of a friend; what is absent stays. */
  describe(
    whom: Whom,
    description: { alias?: string; set?: Readonly<Record<string, string>>; deleted?: readonly string[] },
  ): Promise<readonly RelationOutcome[]> {
    const { alias, set = {}, deleted } = description;
    const attributes = Object.entries(set).map(([key, value]) => ({ key, value }));
    return this.#step(whom, { type: 'describe', value: { alias: textOf(alias), set: attributes, deleted } });
  }

  block(whom: Whom): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'block', value: { isOn: true } });
  }

  unblock(whom: Whom): Promise<readonly RelationOutcome[]> {
    return this.#step(whom, { type: 'block', value: { isOn: false } });
  }

  async #list(kind: RelationKind, query: PageQuery): Promise<RelationsPage> {
    const body = { type: 'listRelations', value: { kind, ...query } } as const;
    const { relations, nextPage, count } = await this.#parts.requests.call({ body, expect: 'relations', isRepeatable: true });
    return { relations: relations.map(relationOf), nextPage, count };
  }

  /** Each step says what shall be, so it may be repeated after a lost connection. */
  async #step(whom: Whom, step: Step): Promise<readonly RelationOutcome[]> {
    const others = typeof whom === 'string' ? [whom] : whom;
    const body = { type: 'changeRelations', value: { others, step: { step } } } as const;
    const { results } = await this.#parts.requests.call({ body, expect: 'relationResults', isRepeatable: true });
    const outcomes = results.map(({ other, error, detail, relation }) => ({
      other,
      ...(error > 0 && { error: ParleyClientError.fromFrame({ code: error, name: '', message: detail, retryAfterMs: 0 }) }),
      ...(relation && { relation: relationOf(relation) }),
    }));
    const refusal = typeof whom === 'string' ? outcomes.find(({ error }) => error !== undefined)?.error : undefined;
    if (refusal !== undefined) throw refusal;
    return outcomes;
  }
}

const textOf = (text: string | undefined) => (text === undefined ? undefined : { text });
