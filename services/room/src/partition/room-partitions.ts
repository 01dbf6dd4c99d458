import type { AggregateName, PartitionCompanion } from '@parley/aggregates';
import type { RoomEvent } from '@parley/contracts/events';
import type { Room } from '@parley/domain';
import { ParleyError, partitionOf } from '@parley/kernel';
import { createRoomMetrics, type RoomMetrics } from '../metrics.js';
import type { RoomServiceDeps, RoomsView } from '../ports.js';
import { RoomPartition } from './room-partition.js';

/** The partitions that this process owns. */
export class RoomPartitions {
  readonly #deps: RoomServiceDeps;
  readonly #metrics: RoomMetrics;
  readonly #partitions = new Map<number, RoomPartition>();

  constructor(deps: RoomServiceDeps) {
    this.#deps = deps;
    this.#metrics = createRoomMetrics(deps.telemetry.metrics);
  }

  get metrics(): RoomMetrics {
    return this.#metrics;
  }

  /** Begins what goes on in a partition that was taken over. */
  open(view: RoomsView): PartitionCompanion<Room, RoomEvent> {
    const partition = new RoomPartition(view, this.#deps, this.#metrics);
    this.#partitions.set(view.partition, partition);
    return {
      committed: (change) => partition.committed(change),
      close: () => {
        this.#partitions.delete(view.partition);
        return partition.close();
      },
    };
  }

  /** Throws NOT_OWNER, and INVALID_ARGUMENT for one that nobody ever owns. */
  at(number: number): RoomPartition {
    const { partitions } = this.#deps;
    if (number >= partitions) throw new ParleyError('INVALID_ARGUMENT', `partition: below ${partitions}`);
    const partition = this.#partitions.get(number);
    if (partition === undefined) throw new ParleyError('NOT_OWNER', `room partition ${number}`);
    return partition;
  }

  /** The partition of a room. Throws NOT_OWNER. */
  of({ app, conversation }: AggregateName): RoomPartition {
    return this.at(partitionOf(app, conversation, this.#deps.partitions));
  }
}
