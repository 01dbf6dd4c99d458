import { AppendUnknownError, RecordTooLargeError } from '@parley/eventlog';
import { errorCode, errorNameOf } from '../wire/error-codes.js';
import type { ProduceResult } from '../wire/produce-request.js';

/** What a broker's answer means for a batch. */
export type ProduceOutcome =
  | { readonly type: 'written'; readonly baseOffset: number }
  /** It is certainly not in the log, and may be sent again. */
  | { readonly type: 'not-written'; readonly reason: string }
  /** It is certainly not in the log, and sending it again would not help; or nobody knows. */
  | { readonly type: 'failed'; readonly error: Error };

const refusals: ReadonlySet<number> = new Set([
  errorCode.invalidTopic,
  errorCode.invalidRequiredAcks,
  errorCode.topicAuthorizationFailed,
  errorCode.clusterAuthorizationFailed,
  errorCode.unsupportedVersion,
  errorCode.invalidRequest,
  errorCode.unsupportedForMessageFormat,
  errorCode.policyViolation,
  errorCode.invalidRecord,
]);

/** Errors that a leader raises before it writes, or after it has written and waited for replicas. */
const before: ReadonlySet<number> = new Set([
  errorCode.unknownTopicOrPartition,
  errorCode.leaderNotAvailable,
  errorCode.notLeaderOrFollower,
  errorCode.replicaNotAvailable,
  errorCode.fencedLeaderEpoch,
  errorCode.unknownLeaderEpoch,
  errorCode.notEnoughReplicas,
  errorCode.corruptMessage,
]);

/**
 * Judges one partition's result. A leader that wrote the batch and lost its office while it waited for replicas
 * answers with the offset that it had given: then the records may or may not survive.
 */
export function judgeProduce(topic: string, { partition, errorCode: code, baseOffset }: ProduceResult): ProduceOutcome {
  if (code === errorCode.none) return { type: 'written', baseOffset };
  const reason = `${topic}[${partition}]: ${errorNameOf(code)}`;
  if (code === errorCode.messageTooLarge || code === errorCode.recordListTooLarge) {
    return { type: 'failed', error: new RecordTooLargeError(reason) };
  }
  if (refusals.has(code)) return { type: 'failed', error: new Error(reason) };
  if (before.has(code) && baseOffset < 0) return { type: 'not-written', reason };
  return { type: 'failed', error: new AppendUnknownError(reason) };
}
