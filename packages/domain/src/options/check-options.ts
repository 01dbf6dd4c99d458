import { type Conversation, isUserId, limits, ok, type Refusal, type Result, refusal, refused } from '@parley/kernel';
import type { ForwardedFrom, MessageOptions, PushOptions, Reply } from '@parley/wire';
import { overLength } from '../content/sizes.js';
import { refusalOfMentions } from './mentions.js';

/** Who sets options, and where. */
export interface OptionsContext {
  /** The back end. */
  readonly isPrivileged: boolean;
  readonly type: Conversation['type'];
}

/**
 * Checks the options of a message at the door. Answers with what goes on to the router: without what only the server
 * says (sender and root of a reply), and undefined where nothing is left. Refused with INVALID_ARGUMENT, or
 * PERMISSION_DENIED for what is the back end's, naming the field.
 */
export function checkOptions(options: MessageOptions | undefined, context: OptionsContext): Result<MessageOptions | undefined, Refusal> {
  if (options === undefined) return ok(undefined);
  const wrong = refusalOfPrivilege(options, context) ?? refusalOfPlace(options, context) ?? refusalOfParts(options);
  if (wrong !== undefined) return refused(wrong);
  return ok(
    isEmpty(options) ? undefined : { ...options, onlyTo: [...new Set(options.onlyTo)], reply: options.reply && asked(options.reply) },
  );
}

/** How long a message stays, as the sender of it says: 0, or within the limits. */
export function refusalOfExpiry(expiresAfterMs: number): Refusal | undefined {
  const { destroyAfterMsMin, destroyAfterMsMax } = limits;
  if (expiresAfterMs === 0 || (expiresAfterMs >= destroyAfterMsMin && expiresAfterMs <= destroyAfterMsMax)) return undefined;
  return refusal('INVALID_ARGUMENT', `expires_after_ms: 0, or ${destroyAfterMsMin} to ${destroyAfterMsMax}`);
}

const asked = ({ seq }: Reply): Reply => ({ seq, rootSeq: 0, sender: '' });

function refusalOfPrivilege({ onlyTo, originalMs, expiresMs }: MessageOptions, { isPrivileged }: OptionsContext): Refusal | undefined {
  // Made by the router of how long the message may stay.
  if (expiresMs !== 0) return refusal('INVALID_ARGUMENT', 'options.expires_ms: set expires_after_ms instead');
  if (isPrivileged) return undefined;
  if (onlyTo.length > 0) return refusal('PERMISSION_DENIED', 'options.only_to: the back end only');
  return originalMs === 0 ? undefined : refusal('PERMISSION_DENIED', 'options.original_ms: the back end only');
}

function refusalOfPlace({ onlyTo, needsReceipt }: MessageOptions, { type }: OptionsContext): Refusal | undefined {
  if (needsReceipt && type === 'room') return refusal('INVALID_ARGUMENT', 'options.needs_receipt: not in rooms');
  if (onlyTo.length === 0) return undefined;
  if (type !== 'group') return refusal('INVALID_ARGUMENT', 'options.only_to: groups only');
  if (onlyTo.length > limits.onlyToMax) return refusal('INVALID_ARGUMENT', `options.only_to: at most ${limits.onlyToMax}`);
  return onlyTo.every(isUserId) ? undefined : refusal('INVALID_ARGUMENT', 'options.only_to: user ids');
}

function refusalOfParts({ reply, mentions, push, forwarded }: MessageOptions): Refusal | undefined {
  if (reply !== undefined && reply.seq < 1) return refusal('INVALID_ARGUMENT', 'options.reply.seq: 1 or more');
  return refusalOfMentions('options.mentions', mentions) ?? refusalOfPush(push) ?? refusalOfForwarded(forwarded);
}

function refusalOfPush(push: PushOptions | undefined): Refusal | undefined {
  if (push === undefined) return undefined;
  const { pushTextBytesMax, pushNameBytesMax, pushBadgeMax } = limits;
  if (push.badge > pushBadgeMax) return refusal('INVALID_ARGUMENT', `options.push.badge: at most ${pushBadgeMax}`);
  return (
    overLength('options.push.title', push.title, pushTextBytesMax) ??
    overLength('options.push.body', push.body, pushTextBytesMax) ??
    overLength('options.push.payload', push.payload, pushTextBytesMax) ??
    overLength('options.push.template', push.template, pushNameBytesMax) ??
    overLength('options.push.thread', push.thread, pushNameBytesMax)
  );
}

const refusalOfForwarded = (forwarded: ForwardedFrom | undefined): Refusal | undefined =>
  forwarded === undefined || forwarded.sender === '' || isUserId(forwarded.sender)
    ? undefined
    : refusal('INVALID_ARGUMENT', 'options.forwarded.sender: a user id');

function isEmpty({ reply, mentions, needsReceipt, noUnread, onlyTo, push, originalMs, forwarded }: MessageOptions): boolean {
  const isPlain = !needsReceipt && !noUnread && onlyTo.length === 0 && originalMs === 0;
  return isPlain && reply === undefined && mentions === undefined && push === undefined && forwarded === undefined;
}
