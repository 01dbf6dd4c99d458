import type { GatewayService } from '@parley/contracts/gateway';
import type { GroupService } from '@parley/contracts/group';
import type { HistoryService } from '@parley/contracts/history';
import type { MediaService } from '@parley/contracts/media';
import type { RoomService } from '@parley/contracts/room';
import type { RouterService } from '@parley/contracts/router';
import type { Clock } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';
import type { Telemetry } from '@parley/telemetry';

type Calls<Service extends { readonly methods: object }, Method extends keyof ServiceClient<Service>> = Pick<
  ServiceClient<Service>,
  Method
>;

/** What the user service asks the others: it holds nothing of its own. */
export interface UserDeps {
  readonly history: Calls<
    typeof HistoryService,
    'getProfiles' | 'listRelations' | 'getRelations' | 'listConversations' | 'listUserMessages'
  >;
  readonly router: Calls<typeof RouterService, 'act' | 'notify'>;
  readonly group: Calls<typeof GroupService, 'leaveGroup' | 'withdrawRequests'>;
  readonly room: Calls<typeof RoomService, 'leaveRoom'>;
  readonly media: Calls<typeof MediaService, 'listMedia' | 'eraseMedia'>;
  readonly gateway: Calls<typeof GatewayService, 'disconnect'>;
  /** Writes exports. */
  readonly toJson: ToJson;
  /** Of the cluster: groups are asked partition by partition. */
  readonly partitions: number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** An encoded message of the contracts as ProtoJSON, by the full name of its type; what is at its zero value is left out. */
export type ToJson = (typeName: string, bytes: Uint8Array) => object;
