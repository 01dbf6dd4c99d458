import type { GroupService } from '@parley/contracts/group';
import type { HistoryService, ListConversationsResponse } from '@parley/contracts/history';
import type { MediaService } from '@parley/contracts/media';
import type { RoomService } from '@parley/contracts/room';
import type { UserService } from '@parley/contracts/user';
import type { RulesBook } from '@parley/domain';
import { ParleyError, type Random } from '@parley/kernel';
import type { CallOptions, ServiceClient } from '@parley/rpc';
import type { ActInit, ClientFrame, ServerFrameInit } from '@parley/wire';
import type { RoomStays } from '../channels/room-stays.js';
import type { GatewayLimits } from '../limits.js';
import type { LocalUser } from '../sessions/local-user.js';

export interface RequestDeps {
  readonly history: ServiceClient<typeof HistoryService>;
  readonly group: ServiceClient<typeof GroupService>;
  readonly room: ServiceClient<typeof RoomService>;
  readonly user: ServiceClient<typeof UserService>;
  readonly media: ServiceClient<typeof MediaService>;
  readonly rules: RulesBook;
  readonly limits: Pick<GatewayLimits, 'readAllMax'>;
  /** Puts something that a user does into its lane; nobody waits for what becomes of it. */
  readonly submitAct: (app: string, user: string, conversation: string, act: ActInit) => void;
  readonly random: Random;
  /** Resolves when the user's subscriptions are active; with all conversations, where they are wanted and were asked for meanwhile. */
  readonly whenReady: (user: LocalUser, wantsAll: boolean) => Promise<ListConversationsResponse | undefined>;
  /** Called before the user becomes a member; what it answers resolves, within a bound, when the channel reaches the user. */
  readonly expect: (user: LocalUser, channel: string) => () => Promise<void>;
  readonly rooms: RoomStays;
}

/** Who asks, and how the call behind it is to be made. */
export interface Asker {
  readonly app: string;
  readonly user: LocalUser;
  readonly call: CallOptions;
}

export type Answer = NonNullable<ServerFrameInit['body']>;
type RequestBody = NonNullable<ClientFrame['body']>;
/** What is no request of another service: it concerns the connection, or goes into a lane. */
type OwnType = 'login' | 'ping' | 'send' | 'act' | 'moveCursors' | 'look' | 'renewToken' | 'logout';
/** Requests that another service answers. */
export type RequestType = Exclude<RequestBody['type'], OwnType>;
export type RequestOf<T extends RequestType> = Extract<RequestBody, { readonly type: T }>['value'];
export const done: Answer = { type: 'done', value: {} };
export const newValue = (value: number): Answer => ({ type: 'newValue', value: { value } });

/** Throws INVALID_ARGUMENT unless the condition holds; `detail` names the field and the limit. */
export function demand(condition: boolean, detail: string): void {
  if (!condition) throw new ParleyError('INVALID_ARGUMENT', detail);
}
