import type { ActCommand, LaneCommand, SendCommand } from '@parley/contracts/events';
import { isOwnView, takesSeq } from '@parley/domain';
import type { TargetViewer } from './acts/recent-targets.js';
import { conversationKey, type ConversationState, isMember } from './conversation-state.js';
import { type DedupeWindow, sendKey } from './dedupe-window.js';

/** What history must be asked before a command can be decided. */
export interface CommandNeeds extends TargetViewer {
  /** The (sender, clientMsgId) of a repetition that is older than the window; undefined where there is no need to look. */
  readonly prior: { readonly sender: string; readonly clientMsgId: string } | undefined;
  /** The messages that the command is about. */
  readonly seqs: readonly number[];
  /** Whether the user, who is no member of the group or room, was one; only those that there are now are in memory. */
  readonly isFormerAsked: boolean;
}

const noSeqs: readonly number[] = [];

/** Undefined for commands that can be decided with what is in memory, as most of them. Without a state all is asked that it may lack. */
export function needsOf(command: LaneCommand, window: DedupeWindow, state?: ConversationState): CommandNeeds | undefined {
  const { body } = command;
  if (body?.type === 'send') return needsOfSend(command, body.value, window);
  return body?.type === 'act' ? needsOfAct(command, body.value, { window, state }) : undefined;
}

function needsOfSend(command: LaneCommand, send: SendCommand, window: DedupeWindow): CommandNeeds | undefined {
  const { sender, options, isRetry, isPrivileged } = send;
  const reply = options?.reply;
  if (!isRetry && reply === undefined) return undefined;
  const prior = isRetry && isForgotten(command, send, window) ? send : undefined;
  if (prior === undefined && reply === undefined) return undefined;
  return { prior, seqs: reply === undefined ? noSeqs : [reply.seq], user: isPrivileged ? '' : sender, reaction: '', isFormerAsked: false };
}

function needsOfAct(
  command: LaneCommand,
  act: ActCommand,
  { window, state }: { readonly window: DedupeWindow; readonly state: ConversationState | undefined },
): CommandNeeds | undefined {
  const kind = act.act?.kind;
  if (kind === undefined) return undefined;
  const isRepetition = act.isRetry && takesSeq(kind.type) && act.clientMsgId !== '';
  const prior = isRepetition && isForgotten(command, act, window) ? act : undefined;
  const seqs = targetsOf(kind);
  const isFormerAsked = isOwnView(kind.type) && (state === undefined || isUnknown(state, act.sender));
  if (prior === undefined && seqs.length === 0 && !isFormerAsked) return undefined;
  return { prior, seqs, user: act.sender, reaction: kind.type === 'react' ? kind.value.reaction : '', isFormerAsked };
}

/** Whether somebody is no member of a group that there is, or was. */
export const isUnknown = (state: ConversationState, user: string): boolean =>
  state.conversation.type === 'group' && state.membershipVersion > 0 && user !== '' && !isMember(state, user);

/** The messages that an act must know of. Hiding concerns nobody else, so it may name what there is not. */
function targetsOf(kind: NonNullable<NonNullable<ActCommand['act']>['kind']>): readonly number[] {
  switch (kind.type) {
    case 'edit':
    case 'recall':
    case 'react':
    case 'pin':
    case 'report':
      return [kind.value.seq];
    case 'delete':
      return [...new Set(kind.value.seqs)];
    default:
      return noSeqs;
  }
}

function isForgotten({ app, conversation }: LaneCommand, { sender, clientMsgId }: SendCommand | ActCommand, window: DedupeWindow): boolean {
  return window.find(sendKey(conversationKey(app, conversation), sender, clientMsgId)) === undefined;
}
