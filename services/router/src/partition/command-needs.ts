import type { ActCommand, LaneCommand, SendCommand } from '@parley/contracts/events';
import { takesSeq } from '@parley/domain';
import type { TargetViewer } from './acts/recent-targets.js';
import { conversationKey } from './conversation-state.js';
import { type DedupeWindow, sendKey } from './dedupe-window.js';

/** What history must be asked before a command can be decided. */
export interface CommandNeeds extends TargetViewer {
  /** The (sender, clientMsgId) of a repetition that is older than the window; undefined where there is no need to look. */
  readonly prior: { readonly sender: string; readonly clientMsgId: string } | undefined;
  /** The messages that the command is about. */
  readonly seqs: readonly number[];
}

const noSeqs: readonly number[] = [];

/** Undefined for commands that can be decided with what is in memory, as most of them. */
export function needsOf(command: LaneCommand, window: DedupeWindow): CommandNeeds | undefined {
  const { body } = command;
  if (body?.type === 'send') return needsOfSend(command, body.value, window);
  return body?.type === 'act' ? needsOfAct(command, body.value, window) : undefined;
}

function needsOfSend(command: LaneCommand, send: SendCommand, window: DedupeWindow): CommandNeeds | undefined {
  const { sender, options, isRetry, isPrivileged } = send;
  const reply = options?.reply;
  if (!isRetry && reply === undefined) return undefined;
  const prior = isRetry && isForgotten(command, send, window) ? send : undefined;
  if (prior === undefined && reply === undefined) return undefined;
  return { prior, seqs: reply === undefined ? noSeqs : [reply.seq], user: isPrivileged ? '' : sender, reaction: '' };
}

function needsOfAct(command: LaneCommand, act: ActCommand, window: DedupeWindow): CommandNeeds | undefined {
  const kind = act.act?.kind;
  if (kind === undefined) return undefined;
  const isRepetition = act.isRetry && takesSeq(kind.type) && act.clientMsgId !== '';
  const prior = isRepetition && isForgotten(command, act, window) ? act : undefined;
  const seqs = targetsOf(kind);
  if (prior === undefined && seqs.length === 0) return undefined;
  return { prior, seqs, user: act.sender, reaction: kind.type === 'react' ? kind.value.reaction : '' };
}

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
