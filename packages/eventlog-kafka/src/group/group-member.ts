import { LogClosedError } from '@parley/eventlog';
import type { Logger } from '@parley/telemetry';
import type { Cluster } from '../cluster/cluster.js';
import { requestTimeoutMs } from '../limits.js';
import { LogUnavailableError } from '../log-unavailable-error.js';
import { type Address, addressOf } from '../wire/address.js';
import type { Connection } from '../wire/connection.js';
import { ConnectionError } from '../wire/connection-error.js';
import type { ConnectionPool } from '../wire/connection-pool.js';
import { errorCode, errorNameOf } from '../wire/error-codes.js';
import { assignerName, decodeAssignment, decodeHolder, encodeAssignment, encodeSubscription } from './membership-codec.js';
import { shareOut } from './share-out.js';

/** What a membership works with. */
export interface GroupMemberOptions {
  readonly cluster: Cluster;
  readonly pool: ConnectionPool;
  readonly logger: Logger;
  readonly group: string;
  /** What the broker calls them; all have `partitions` partitions. */
  readonly topics: readonly string[];
  readonly partitions: number;
  readonly sessionTimeoutMs: number;
  readonly signal: AbortSignal;
  readonly onAssigned: (partitions: readonly number[]) => void;
}

/** The coordinator said something that calls for another step. */
class GroupError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`group: ${errorNameOf(code)}`);
    this.code = code;
  }
}

/** The coordinator will never let us in. */
const fatal: ReadonlySet<number> = new Set([
  errorCode.groupAuthorizationFailed,
  errorCode.inconsistentGroupProtocol,
  errorCode.topicAuthorizationFailed,
]);

/**
 * One member of a Kafka consumer group (classic protocol) that fetches nothing: the group only shares out
 * partition numbers. What was assigned stays assigned until the group says otherwise, also while the coordinator
 * is away, for it is a suggestion and the fence in the log decides.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #purpose: string;
  #memberId = '';
  #generation = -1;
  #held: readonly number[] = [];
  #coordinator: Address | undefined;

  constructor(options: GroupMemberOptions, id: string) {
    this.#options = options;
    this.#purpose = `group ${options.group} ${id}`;
  }

  /** Resolves when the signal is aborted and the group is left; rejects when it cannot be joined. */
  async run(): Promise<void> {
    const { signal, cluster, logger, group } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.#joinAndSync();
        attempt = 0;
        await this.#beat();
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof GroupError && fatal.has(error.code)) throw error;
        if (!isPassing(error)) throw error;
        this.#forgetWhatIsOver(error);
        logger.debug('joining again', { group, error: String(error) });
        const isOrdinary = error instanceof GroupError && error.code === errorCode.rebalanceInProgress;
        if (!isOrdinary) await cluster.pause(attempt, signal).catch(() => {});
        if (signal.aborted) break;
        await cluster.sleep(0); // rejects when the log is closed
      }
    }
    await this.#leave();
  }

  async #joinAndSync(): Promise<void> {
    const { group, topics, sessionTimeoutMs, logger } = this.#options;
    const joined = await this.#join();
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    const isLeader = joined.leaderId === joined.memberId;
    const synced = await this.#call((connection) =>
      connection.call(
        'SyncGroup',
        {
          groupId: group,
          generationId: joined.generationId,
          memberId: joined.memberId,
          groupAssignment: isLeader ? this.#assign(joined.members) : [],
        },
        sessionTimeoutMs + requestTimeoutMs,
      ),
    );
    const before = this.#held;
    this.#held = decodeAssignment(synced.memberAssignment).filter((number) => number < this.#options.partitions);
    logger.info('partitions assigned', {
      group,
      count: this.#held.length,
      before: before.length,
      topics: topics.length,
    });
    if (!this.#options.signal.aborted) this.#options.onAssigned(this.#held);
  }

  async #join(): Promise<{ memberId: string; generationId: number; leaderId: string; members: readonly Described[] }> {
    const { group, topics, sessionTimeoutMs } = this.#options;
    const metadata = encodeSubscription(topics, { generation: this.#generation, held: this.#held });
    const args = {
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      memberId: this.#memberId,
      protocolType: 'consumer',
      groupProtocols: [{ name: assignerName, metadata }],
    };
    // Waits for the other members, each of which may take as long as its session lasts.
    const timeoutMs = 2 * sessionTimeoutMs + requestTimeoutMs;
    return this.#call(async (connection) => {
      const answer = await connection.call('JoinGroup', args, timeoutMs);
      if (answer.errorCode !== errorCode.memberIdRequired) return answer;
      this.#memberId = answer.memberId;
      return connection.call('JoinGroup', { ...args, memberId: answer.memberId }, timeoutMs);
    });
  }

  #assign(members: readonly Described[]): { readonly memberId: string; readonly memberAssignment: Buffer }[] {
    const holders = members.map(({ memberId, memberMetadata }) => decodeHolder(memberId, memberMetadata));
    return [...shareOut(this.#options.partitions, holders)].map(([memberId, partitions]) => ({
      memberId,
      memberAssignment: encodeAssignment(this.#options.topics, partitions),
    }));
  }

  /** Keeps the session alive; ends by a rejection. */
  async #beat(): Promise<never> {
    const { cluster, group, sessionTimeoutMs, signal } = this.#options;
    for (;;) {
      await cluster.sleep(sessionTimeoutMs / 4, signal);
      const args = { groupId: group, groupGenerationId: this.#generation, memberId: this.#memberId };
      await this.#call((connection) => connection.call('Heartbeat', args, Math.min(requestTimeoutMs, sessionTimeoutMs / 2)));
    }
  }

  async #leave(): Promise<void> {
    const { pool, group } = this.#options;
    const coordinator = this.#coordinator;
    if (coordinator === undefined) return;
    // A join may be waiting on our own connection, so this goes over another.
    const purpose = `leave ${this.#purpose}`;
    try {
      const connection = await pool.get(coordinator, purpose);
      if (this.#memberId !== '') {
        await connection.call('LeaveGroup', { groupId: group, memberId: this.#memberId }, requestTimeoutMs);
      }
    } catch {
      // the session will time out instead
    }
    pool.drop(coordinator, purpose, 'left the group');
    pool.drop(coordinator, this.#purpose, 'left the group');
  }

  /** Sends to the coordinator; error codes and an abort become rejections. */
  async #call<T extends { readonly errorCode: number }>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const { signal, pool } = this.#options;
    this.#coordinator ??= await this.#findCoordinator();
    const answer = await abortable(signal, work(await pool.get(this.#coordinator, this.#purpose)));
    if (answer.errorCode !== errorCode.none) throw new GroupError(answer.errorCode);
    return answer;
  }

  async #findCoordinator(): Promise<Address> {
    const groupId = this.#options.group;
    const answer = await this.#options.cluster.anyBroker((connection) =>
      connection.call('GroupCoordinator', { groupId }, requestTimeoutMs),
    );
    if (answer.errorCode !== errorCode.none) throw new GroupError(answer.errorCode);
    return addressOf(answer.coordinator.host, answer.coordinator.port);
  }

  #forgetWhatIsOver(error: unknown): void {
    const code = error instanceof GroupError ? error.code : undefined;
    if (code === errorCode.unknownMemberId) this.#memberId = '';
    const isWrongPlace = code === errorCode.notCoordinator || code === errorCode.coordinatorNotAvailable;
    if (code === undefined || isWrongPlace) {
      if (this.#coordinator !== undefined) this.#options.pool.drop(this.#coordinator, this.#purpose, 'no longer coordinator');
      this.#coordinator = undefined;
    }
  }
}

interface Described {
  readonly memberId: string;
  readonly memberMetadata: Buffer;
}

const isPassing = (error: unknown): boolean =>
  !(error instanceof LogClosedError) &&
  (error instanceof GroupError || error instanceof ConnectionError || error instanceof LogUnavailableError);

/** Like the promise, but rejects at once when the signal is aborted. */
function abortable<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
