import {
  createListMembersResponse,
  createListRoomsResponse,
  createRoom,
  type ListMembersRequestInit,
  type ListRoomsRequestInit,
  type Room,
  type RoomInit,
  type RoomService,
} from '@parley/contracts/room';
import { ParleyError } from '@parley/kernel';
import type { ServiceClient } from '@parley/rpc';

type Client = ServiceClient<typeof RoomService>;
export type RoomCall = keyof Client;

interface RoomRequest {
  readonly room?: string | undefined;
}

const unexpected = async (): Promise<never> => {
  throw new ParleyError('UNSUPPORTED');
};

/** A room service that lets everybody do everything, and keeps what it was asked. */
export class FakeRoom implements Client {
  readonly calls: { readonly call: RoomCall; readonly request: object }[] = [];
  /** What `getRoom` answers besides the name. */
  state: RoomInit = { name: 'n', memberCount: 1, version: 1, stateVersion: 1 };
  /** What a call throws instead of answering. */
  readonly failures = new Map<RoomCall, Error>([['destroyRoom', new Error('a fault of the inside')]]);
  /** Runs when a call comes, before it is answered. */
  readonly hooks = new Map<RoomCall, (request: object) => void | Promise<void>>();
  readonly roomExists = unexpected;
  readonly listPartitionRooms = unexpected;
  readonly listBans = unexpected;
  readonly sendToAllRooms = unexpected;
  readonly sendToPartitionRooms = unexpected;

  readonly createRoom: Client['createRoom'] = (request) => this.#answer('createRoom', request, () => ({ room: this.#room(request) }));
  readonly enterRoom: Client['enterRoom'] = (request) =>
    this.#answer('enterRoom', request, () => ({ room: this.#room(request), headSeq: 7 }));
  readonly getRoom: Client['getRoom'] = (request) => this.#answer('getRoom', request, () => ({ room: this.#room(request) }));
  readonly leaveRoom: Client['leaveRoom'] = (request) => this.#answer('leaveRoom', request, () => ({}));
  readonly destroyRoom: Client['destroyRoom'] = (request) => this.#answer('destroyRoom', request, () => ({}));
  readonly listRooms = (request: ListRoomsRequestInit) =>
    this.#answer('listRooms', request, () =>
      createListRoomsResponse({ rooms: [{ ...this.state, room: 'hall' }], nextPage: request.page === '' ? 'more' : '' }),
    );
  readonly listMembers = (request: ListMembersRequestInit) =>
    this.#answer('listMembers', request, () =>
      createListMembersResponse({ users: ['alice'], memberCount: 1, members: [{ user: 'alice', role: 3, attributesVersion: 2 }] }),
    );
  readonly kickMembers: Client['kickMembers'] = (request) => this.#answer('kickMembers', request, () => ({ kicked: request.users ?? [] }));
  readonly banUser: Client['banUser'] = (request) => this.#answer('banUser', request, () => ({ untilMs: 77 }));
  readonly mute: Client['mute'] = (request) => this.#answer('mute', request, () => ({ untilMs: 78 }));
  readonly setRole: Client['setRole'] = (request) => this.#answer('setRole', request, () => ({}));
  readonly renameRoom: Client['renameRoom'] = (request) => this.#answer('renameRoom', request, () => ({}));
  readonly changeAttributes: Client['changeAttributes'] = (request) =>
    this.#answer('changeAttributes', request, () => ({ stateVersion: 12 }));
  readonly changeMemberAttributes: Client['changeMemberAttributes'] = (request) =>
    this.#answer('changeMemberAttributes', request, () => ({ version: 3 }));
  readonly incrementCounter: Client['incrementCounter'] = (request) => this.#answer('incrementCounter', request, () => ({ value: 1_000 }));

  /** The requests of one call. */
  requestsOf(call: RoomCall): object[] {
    return this.calls.flatMap((made) => (made.call === call ? [made.request] : []));
  }

  #room({ room }: RoomRequest): Room {
    return createRoom({ ...this.state, room });
  }

  async #answer<T>(call: RoomCall, request: object, make: () => T): Promise<T> {
    this.calls.push({ call, request });
    await this.hooks.get(call)?.(request);
    const failure = this.failures.get(call);
    if (failure !== undefined) throw failure;
    return make();
  }
}
