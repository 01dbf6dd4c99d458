import { describe, expect, it } from '@jest/globals';
import { AppendUnknownError, RecordTooLargeError } from '@parley/eventlog';
import { errorCode } from '../wire/error-codes.js';
import { judgeProduce } from './produce-outcome.js';

const judge = (code: number, baseOffset = -1) => judgeProduce('t', { partition: 0, errorCode: code, baseOffset });

describe("a broker's answer to an append", () => {
  it('is a success with the offset', () => {
    expect(judge(errorCode.none, 12)).toEqual({ type: 'written', baseOffset: 12 });
  });

  it.each([
    'notLeaderOrFollower',
    'notEnoughReplicas',
    'unknownTopicOrPartition',
  ] as const)('may be repeated after %s, when nothing was written', (name) => expect(judge(errorCode[name]).type).toBe('not-written'));

  it('is unknown when a leader wrote it and then lost its office', () => {
    const outcome = judge(errorCode.notLeaderOrFollower, 12);
    expect(outcome).toMatchObject({ type: 'failed', error: expect.any(AppendUnknownError) });
  });

  it.each(['requestTimedOut', 'notEnoughReplicasAfterAppend'] as const)('is unknown after %s', (name) => {
    expect(judge(errorCode[name])).toMatchObject({ type: 'failed', error: expect.any(AppendUnknownError) });
  });

  it('is unknown for a code that we do not know', () => {
    expect(judge(999)).toMatchObject({ type: 'failed', error: expect.any(AppendUnknownError) });
  });

  it('is a definite refusal where sending again would not help', () => {
    expect(judge(errorCode.messageTooLarge)).toMatchObject({ error: expect.any(RecordTooLargeError) });
    const { error } = judge(errorCode.topicAuthorizationFailed) as { error: Error };
    expect(error).not.toBeInstanceOf(AppendUnknownError);
  });
});
