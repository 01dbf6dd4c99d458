import { type Conversation, type ErrorName, parseConversation, type Result, type Refusal } from '@parley/kernel';
import { type ActInit, createAct, createConversationRules, encodeContent } from '@parley/wire';
import type { ActDecision, ActFacts, ActRequest, TargetFacts } from '../act/act-facts.js';
import { decideAct } from '../act/decide-act.js';
import { type AppRules, defaultRules } from '../app-rules.js';

export type ActKind = NonNullable<ActInit['kind']>;

export const nowMs = 10_000_000;

/** The conversation of ann and bob, a group, a room, and that of ann with herself. */
export const [pair, club, hall, self] = ['u:ann|bob', 'g:club', 'r:hall', 'u:ann|ann'].map(conversationOf) as [
  Conversation,
  Conversation,
  Conversation,
  Conversation,
];

function conversationOf(id: string): Conversation {
  const parsed = parseConversation(id);
  if (!parsed.ok) throw new Error(id);
  return parsed.value;
}

export const text = (value: string): Uint8Array => encodeContent({ kind: { type: 'text', value: { text: value } } });

/** A text that ann said a second ago, seq 7. */
export const target: TargetFacts = {
  seq: 7,
  sender: 'ann',
  timeMs: nowMs - 1_000,
  kind: 'text',
  isRemoved: false,
  hasReacted: false,
  isPinned: false,
  reactionKinds: 0,
  rootSeq: 0,
  expiresMs: 0,
  onlyTo: [],
};

export interface Case {
  /** ann by default; empty with `isPrivileged` for the back end. */
  readonly by?: string;
  readonly isPrivileged?: boolean;
  readonly facts?: Partial<ActFacts>;
  readonly target?: Partial<TargetFacts>;
  readonly rules?: Partial<AppRules>;
}

export const backEnd: Case = { by: '', isPrivileged: true, facts: { isMember: false } };

/** Decides in the conversation of ann and bob, at `nowMs`, with {@link target} as the message that the act names. */
export function decide(
  kind: ActKind,
  { by = 'ann', isPrivileged = false, facts, target: change, rules }: Case = {},
): Result<ActDecision, Refusal> {
  const request: ActRequest = { sender: by, isPrivileged, act: createAct({ kind }), timeMs: nowMs };
  const all: ActFacts = {
    conversation: pair,
    isMember: true,
    isModerator: false,
    canPin: false,
    headSeq: 20,
    memberCount: 2,
    target: { ...target, ...change },
    rules: createConversationRules({}),
    ...facts,
  };
  return decideAct(request, all, { ...defaultRules, ...rules });
}

/** The decision; throws when it is a refusal. */
export function decided(kind: ActKind, options?: Case): ActDecision {
  const result = decide(kind, options);
  if (!result.ok) throw new Error(`refused: ${result.error.name} ${result.error.detail ?? ''}`);
  return result.value;
}

/** Body of the event that comes of the act; throws where there is none. */
export function bodyOf(kind: ActKind, options?: Case): unknown {
  const decision = decided(kind, options);
  if (decision.type === 'none') throw new Error('nothing changes');
  return decision.body?.value;
}

/** `none`, `event`, `pass-on`, or the name of the refusal. */
export function outcomeOf(kind: ActKind, options?: Case): ActDecision['type'] | ErrorName {
  const result = decide(kind, options);
  return result.ok ? result.value.type : result.error.name;
}

/** The refusal with its detail, or `none`. */
export function refusalTextOf(result: Result<unknown, Refusal>): string {
  return result.ok ? 'none' : `${result.error.name} ${result.error.detail ?? ''}`.trim();
}
