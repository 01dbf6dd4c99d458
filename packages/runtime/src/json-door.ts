import type { JsonValue } from '@bufbuild/protobuf';
import { GatewayService } from '@parley/contracts/gateway';
import { GroupService } from '@parley/contracts/group';
import { HistoryService } from '@parley/contracts/history';
import { MediaService } from '@parley/contracts/media';
import { PolicyService } from '@parley/contracts/policy';
import { PushService } from '@parley/contracts/push';
import { RoomService } from '@parley/contracts/room';
import { RouterService } from '@parley/contracts/router';
import { UserService } from '@parley/contracts/user';
import { ParleyError } from '@parley/kernel';
import type { CallOptions, ServiceClient, ServiceDescriptor } from '@parley/rpc';
import { jsonMethod, loadDescriptors } from './proto-json.js';
import type { ServiceClients } from './service-clients.js';

/** A call of the back-end API. */
export interface JsonCall {
  /** Name for metrics: `group/createGroup`. */
  readonly name: string;
  call(json: unknown, options: CallOptions): Promise<JsonValue>;
}

/** Who answers the calls: the services wherever they run, and this process itself. */
export interface ApiClients extends ServiceClients {
  readonly policy: ServiceClient<typeof PolicyService>;
}

/** Contracts that the API offers, by their short name. */
export const apiServices = {
  router: RouterService,
  group: GroupService,
  room: RoomService,
  history: HistoryService,
  user: UserService,
  media: MediaService,
  push: PushService,
  gateway: GatewayService,
  policy: PolicyService,
} as const satisfies Record<keyof ApiClients, ServiceDescriptor>;

type UnaryCall = (request: unknown, options: CallOptions) => Promise<unknown>;

/**
 * Every unary method of the contracts as a call with JSON. Found by the short name (`group`, `createGroup`)
 * or by the names of the contract (`parley.group.v1.GroupService`, `CreateGroup`).
 */
export class JsonDoor {
  readonly #calls = new Map<string, JsonCall>();

  constructor(clients: ApiClients) {
    const registry = loadDescriptors();
    for (const [shortName, service] of Object.entries<ServiceDescriptor>(apiServices)) {
      const client = clients[shortName as keyof ApiClients] as unknown as Readonly<Record<string, UnaryCall>>;
      for (const [name, { kind, name: fullName }] of Object.entries(service.methods)) {
        const send = client[name];
        if (kind !== 'unary' || send === undefined) continue;
        const { readRequest, writeResponse } = jsonMethod(registry, service, name);
        const call: JsonCall = {
          name: `${shortName}/${name}`,
          call: async (json, options) => writeResponse(await send(readRequest(json), options)),
        };
        this.#calls.set(call.name, call);
        this.#calls.set(`${service.typeName}/${fullName}`, call);
      }
    }
  }

  /** Throws UNSUPPORTED for what is not in a contract. */
  find(service: string, method: string): JsonCall {
    const call = this.#calls.get(`${service}/${method}`);
    if (call === undefined) throw new ParleyError('UNSUPPORTED', `${service}/${method}`);
    return call;
  }
}
