import { serverLimits } from '../server-limits.js';
import type { MuteInRoomInit } from '@parley/wire';
import { ParleyClientError } from '../client-error.js';
import type { MessageContentInit } from '../content.js';
import type { ConversationHandle, SendOptions } from '../conversation-handle.js';
import type { History, HistoryOptions, HistoryPages } from '../history-pages.js';
import type { Requester } from '../requester.js';
import type { SendHandle } from '../send-handle.js';
import type { AttributeChanges, AttributeOptions, MuteTarget } from './room.js';
import { attributesToWire, type RoomRoleName, roleNumber } from './room-details.js';

/** What a user can ask of one room; see `Room`. */
export abstract class RoomOperations {
  readonly id: string;
  readonly conversation: ConversationHandle;
  protected readonly call: Requester['call'];

  protected constructor(id: string, conversation: ConversationHandle, call: Requester['call']) {
    this.id = id;
    this.conversation = conversation;
    this.call = call;
  }

  /** Resolves once the own copy of the room has come as far as the version. */
  protected abstract reach(version: number): Promise<void>;

  send(content: string | MessageContentInit, options?: SendOptions): SendHandle {
    return this.conversation.send(content, options);
  }

  history(options?: HistoryOptions): Promise<History> {
    return this.conversation.history(options);
  }

  pages(options?: HistoryOptions): HistoryPages {
    return this.conversation.pages(options);
  }

  setAttributes(values: Readonly<Record<string, string>>, options?: AttributeOptions): Promise<number> {
    return this.changeAttributes({ set: values }, options);
  }

  deleteAttributes(keys: readonly string[], options?: AttributeOptions): Promise<number> {
    return this.changeAttributes({ deleted: keys }, options);
  }

  async changeAttributes({ set, deleted }: AttributeChanges, options: AttributeOptions = {}): Promise<number> {
    const value = { ...options, room: this.id, set: attributesToWire(set), deleted };
    const answer = await this.call({ body: { type: 'changeRoomAttributes', value }, expect: 'newValue' });
    await this.reach(answer.value);
    return answer.value;
  }

  setMemberAttributes(values: Readonly<Record<string, string>>, of?: { readonly user?: string }): Promise<number> {
    return this.changeMemberAttributes({ set: values }, of);
  }

  async changeMemberAttributes({ set, deleted }: AttributeChanges, of: { readonly user?: string } = {}): Promise<number> {
    const value = { room: this.id, user: of.user, set: attributesToWire(set), deleted };
    return (await this.call({ body: { type: 'changeMemberAttributes', value }, expect: 'newValue' })).value;
  }

  async kick(users: string | readonly string[]): Promise<readonly string[]> {
    const value = { room: this.id, users: typeof users === 'string' ? [users] : users };
    return (await this.call({ body: { type: 'kickFromRoom', value }, expect: 'kickedUsers' })).users;
  }

  async ban(user: string, durationMs?: number): Promise<number> {
    return this.#ban(user, positive(durationMs));
  }

  async unban(user: string): Promise<void> {
    await this.#ban(user, 0);
  }

  async mute(target: MuteTarget, durationMs?: number): Promise<number> {
    return this.#mute(targetToWire(target), positive(durationMs));
  }

  async unmute(target: MuteTarget): Promise<void> {
    await this.#mute(targetToWire(target), 0);
  }

  async muteAll(durationMs?: number): Promise<number> {
    return this.#mute({ isEveryone: true }, positive(durationMs));
  }

  async unmuteAll(): Promise<void> {
    await this.#mute({ isEveryone: true }, 0);
  }

  async setRole(user: string, role: RoomRoleName): Promise<void> {
    await this.call({ body: { type: 'setRoomRole', value: { room: this.id, user, role: roleNumber(role) } }, expect: 'done' });
  }

  async rename(name: string): Promise<void> {
    await this.call({ body: { type: 'renameRoom', value: { room: this.id, name } }, expect: 'done' });
  }

  async #ban(user: string, durationMs: number): Promise<number> {
    const value = { room: this.id, user, durationMs };
    return (await this.call({ body: { type: 'banFromRoom', value }, expect: 'newValue' })).value;
  }

  async #mute(target: MuteInRoomInit, durationMs: number): Promise<number> {
    const value = { ...target, room: this.id, durationMs };
    return (await this.call({ body: { type: 'muteInRoom', value }, expect: 'newValue' })).value;
  }
}

const targetToWire = (target: MuteTarget): MuteInRoomInit =>
  typeof target === 'string' ? { user: target } : { role: roleNumber(target.role) };

/** 0 would lift what is asked for. */
function positive(durationMs: number = serverLimits.roomBanMsMax): number {
  if (!(durationMs > 0)) throw ParleyClientError.of('INVALID_ARGUMENT', 'durationMs must be more than 0');
  return Math.ceil(durationMs);
}
