import type { Config } from '@parley/config';
import { type AdmissionPolicy, decodeAdmissionPolicy, encodeAdmissionPolicy } from '@parley/contracts/policy';
import { topics } from '@parley/contracts/topics';
import type { StoredRecord } from '@parley/eventlog';
import { isAppId } from '@parley/kernel';
import type { PolicyBook, ResolvedPolicy } from '@parley/lanes';
import { readAppPolicy, resolvePolicy } from './app-policy.js';
import { configuredPolicy } from './configured-policy.js';
import { type CompactedTopic, followCompacted, type FollowingOptions } from './follow-compacted.js';

/** Where policies are configured, and what following their topic takes. */
export interface PolicyBookOptions extends FollowingOptions {
  readonly config: Pick<Config, 'apps' | 'limits'>;
}

/** The policies that hold now, changed while the system runs; follows its topic until it is disposed. */
export interface LogPolicyBook extends PolicyBook, AsyncDisposable {
  /**
   * Replaces what is set for an app; what is absent falls back to the configuration. Resolves once it holds here;
   * the other processes follow at once. Throws INVALID_ARGUMENT naming the field.
   */
  setPolicy(app: string, policy: AdmissionPolicy, signal?: AbortSignal): Promise<void>;
}

/** The configuration's policies, below those in the compacted topic `cluster.policies`. */
export async function openPolicyBook(options: PolicyBookOptions): Promise<LogPolicyBook> {
  const pages = new Pages(options.config);
  const onRecord = (record: StoredRecord): void => pages.take(record);
  return new FollowedBook(pages, await followCompacted({ ...options, topic: topics.policies, onRecord }));
}

/** What is configured and what is set, by app, put together when something changes so that asking costs nothing. */
class Pages {
  readonly #configured = new Map<string, ResolvedPolicy>();
  readonly #resolved = new Map<string, ResolvedPolicy>();
  readonly #default: ResolvedPolicy;

  constructor({ apps, limits }: PolicyBookOptions['config']) {
    this.#default = configuredPolicy(limits);
    for (const app of apps) this.#configured.set(app.id, configuredPolicy(limits, app.limits));
  }

  policyOf(app: string): ResolvedPolicy {
    return this.#resolved.get(app) ?? this.#configured.get(app) ?? this.#default;
  }

  take({ key, value }: StoredRecord): void {
    if (!isAppId(key)) throw new Error('its key is no app id');
    const set = readAppPolicy(decodeAdmissionPolicy(value));
    this.#resolved.set(key, resolvePolicy(this.#configured.get(key) ?? this.#default, set));
  }
}

class FollowedBook implements LogPolicyBook {
  readonly #pages: Pages;
  readonly #topic: CompactedTopic;

  constructor(pages: Pages, topic: CompactedTopic) {
    this.#pages = pages;
    this.#topic = topic;
  }

  policyOf(app: string): ResolvedPolicy {
    return this.#pages.policyOf(app);
  }

  async setPolicy(app: string, policy: AdmissionPolicy, signal?: AbortSignal): Promise<void> {
    readAppPolicy(policy); // refuses what nobody could use
    const offset = await this.#topic.append({ key: app, value: encodeAdmissionPolicy(policy) });
    await this.#topic.taken(offset, signal);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#topic[Symbol.asyncDispose]();
  }
}
