import type { HistoryService as Contract } from '@parley/contracts/history';
import { topics } from '@parley/contracts/topics';
import { ParleyError, partitionOf } from '@parley/kernel';
import { OwnedPartitions, superviseOwnership } from '@parley/ownedlog';
import { announceReader, type ServiceHandlers } from '@parley/rpc';
import type { LogPosition } from '@parley/store';
import { createHistoryEvents, type HistoryEvents } from './events.js';
import type { HistoryDeps } from './ports.js';
import { Progress } from './progress.js';
import { ProjectorLives } from './project/projector-lives.js';
import { sweepWhileRunning } from './sweep/sweep.js';
import { PartitionProjector } from './project/partition-projector.js';
import { filterMembers } from './rpc/filter-members.js';
import { findSend } from './rpc/find-send.js';
import { getConversation } from './rpc/get-conversation.js';
import { listConversations } from './rpc/list-conversations.js';
import { queryHistory } from './rpc/query-history.js';
import { getMessages } from './rpc/get-messages.js';
import { getFingerprint } from './rpc/get-fingerprint.js';
import { listUserMessages } from './rpc/list-user-messages.js';
import { searchMessages } from './rpc/search-messages.js';
import { getTarget } from './rpc/get-target.js';
import { listPins } from './rpc/list-pins.js';
import { listReactions } from './rpc/list-reactions.js';
import { listReplies } from './rpc/list-replies.js';
import { listReports } from './rpc/list-reports.js';
import { getProfiles, getRelations, listRelations } from './rpc/people.js';
import { getConversationSummary, queryConversations } from './rpc/query-conversations.js';
import type { QueryDeps } from './rpc/query-deps.js';
import { getReceipts, listReaders } from './rpc/receipts.js';
import { Conversations } from './view/conversations.js';
import { KeptWindow } from './view/kept-window.js';

/** The read model of all conversations: projected from the timeline, can be wiped and rebuilt. */
export interface HistoryService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  /** Projects until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  readonly owned: OwnedPartitions;
}

export function createHistoryService(deps: HistoryDeps): HistoryService {
  return new History(deps);
}

class History implements HistoryService {
  readonly handlers: ServiceHandlers<typeof Contract>;
  readonly owned = new OwnedPartitions();
  readonly #deps: HistoryDeps;
  readonly #events: HistoryEvents;
  readonly #projectors = new Map<number, PartitionProjector>();
  readonly #window: KeptWindow;
  readonly #lives: ProjectorLives;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.#events = createHistoryEvents(deps.telemetry);
    this.#window = new KeptWindow(deps);
    this.#lives = new ProjectorLives(deps, (partition, signal) => this.#project(partition, signal));
    this.handlers = this.#createHandlers();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, random, telemetry, store, partitions } = this.#deps;
    const run = (partition: number, stop: AbortSignal): Promise<void> => this.#lives.run(partition, stop);
    const sweep = { store, log, clock, telemetry, partitions, window: this.#window, projectors: this.#projectors };
    const group = { group: 'history', topics: [topics.timeline], signal, run, owned: this.owned };
    await Promise.all([
      superviseOwnership({ log, clock, random, telemetry, ...group }),
      sweepWhileRunning(sweep, signal),
      this.#lives.followEpoch(signal),
    ]);
  }

  async #project(partition: number, signal: AbortSignal): Promise<void> {
    const projector = new PartitionProjector(partition, this.#deps, this.#events);
    await projector.start();
    this.#projectors.set(partition, projector);
    const ended = this.owned.serving(partition);
    let withdraw = (): void => {};
    try {
      const { address, peer } = this.#deps;
      withdraw = await announceReader(this.#deps, { service: 'history', partition, fence: 0, address, peer });
      this.#events.started(partition, projector.position.offset);
      await projector.run(signal);
    } finally {
      withdraw();
      this.#projectors.delete(partition);
      ended();
    }
  }

  #createHandlers(): ServiceHandlers<typeof Contract> {
    const { store, clock, rules, partitions } = this.#deps;
    const progress = new Progress(this.#deps, this.#projectors);
    const conversations = new Conversations({ store, partitions, projectors: this.#projectors });
    const projectorOf = (app: string, conversation: string): PartitionProjector =>
      this.#projectorOf(partitionOf(app, conversation, partitions));
    const window = this.#window;
    const deps: QueryDeps = { store, clock, rules, window, progress, conversations, projectorOf };
    return {
      queryHistory: (request) => queryHistory(deps, request),
      listConversations: (request) => listConversations(deps, request),
      getConversation: (request) => getConversation(deps, request),
      filterMembers: (request) => filterMembers(deps, request),
      findSend: (request) => findSend(deps, request),
      getCheckpoint: ({ partition }) => this.#checkpointOf(partition),
      getMessages: (request) => getMessages(deps, request),
      getTarget: (request) => getTarget(deps, request),
      listReplies: (request) => listReplies(deps, request),
      listReactions: (request) => listReactions(deps, request),
      listPins: (request) => listPins(deps, request),
      getReceipts: (request) => getReceipts(deps, request),
      listReaders: (request) => listReaders(deps, request),
      queryConversations: (request) => queryConversations(deps, request),
      getConversationSummary: (request) => getConversationSummary(deps, request),
      searchMessages: (request) => searchMessages(deps, request),
      getProfiles: (request) => getProfiles(deps, request),
      listRelations: (request) => listRelations(deps, request),
      getRelations: (request) => getRelations(deps, request),
      listReports: (request) => listReports(deps, request),
      listUserMessages: (request) => listUserMessages(deps, request),
      rebuild: () => this.#lives.rebuild(),
      getFingerprint: (request) => getFingerprint(deps, request),
    };
  }

  /** The tail; where the log no longer reaches back to it, the position itself: nothing older is on its way. */
  async #checkpointOf(partition: number): Promise<LogPosition> {
    const { tail, position } = this.#projectorOf(partition);
    const { start } = await this.#deps.log.range(topics.timeline, partition);
    return tail.offset >= start ? tail : position;
  }

  #projectorOf(partition: number): PartitionProjector {
    const projector = this.#projectors.get(partition);
    if (projector === undefined) throw new ParleyError('NOT_OWNER');
    return projector;
  }
}
