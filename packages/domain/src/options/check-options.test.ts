import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { createMessageOptions, type MessageOptionsInit } from '@parley/wire';
import { refusalTextOf } from '../testing/act-fixture.js';
import { checkOptions, type OptionsContext, refusalOfExpiry } from './check-options.js';

const user: OptionsContext = { isPrivileged: false, type: 'group' };
const backEnd: OptionsContext = { isPrivileged: true, type: 'group' };
const check = (init: MessageOptionsInit, context = user) => checkOptions(createMessageOptions(init), context);
const detailOf = (init: MessageOptionsInit, context = user): string => refusalTextOf(check(init, context));

describe('checkOptions', () => {
  it('lets through what a client may say', () => {
    const options = createMessageOptions({
      reply: { seq: 3 },
      mentions: { users: ['bob'], isSilent: true },
      needsReceipt: true,
      noUnread: true,
      push: { title: 'x'.repeat(1_024), body: 'x'.repeat(1_024), payload: 'x'.repeat(1_024), template: 'x'.repeat(64), badge: 3 },
      forwarded: { sender: 'cid', timeMs: 5 },
    });
    expect(checkOptions(options, user)).toEqual({ ok: true, value: options });
  });

  it('makes nothing of nothing', () => {
    expect(checkOptions(undefined, user)).toEqual({ ok: true, value: undefined });
    expect(check({})).toEqual({ ok: true, value: undefined });
  });

  it('takes no word of a client for what the server says of a reply', () => {
    expect(check({ reply: { seq: 3, rootSeq: 1, sender: 'eve' } })).toMatchObject({ value: { reply: { seq: 3, rootSeq: 0, sender: '' } } });
  });

  it.each<[MessageOptionsInit, OptionsContext, string]>([
    [{ onlyTo: ['bob'] }, user, 'PERMISSION_DENIED options.only_to: the back end only'],
    [{ originalMs: 5 }, user, 'PERMISSION_DENIED options.original_ms: the back end only'],
    [{ expiresMs: 5 }, backEnd, 'INVALID_ARGUMENT options.expires_ms: set expires_after_ms instead'],
    [{ onlyTo: ['bob'] }, { ...backEnd, type: 'user' }, 'INVALID_ARGUMENT options.only_to: groups only'],
    [{ onlyTo: ['bob'] }, { ...backEnd, type: 'room' }, 'INVALID_ARGUMENT options.only_to: groups only'],
    [{ onlyTo: Array(101).fill('bob') }, backEnd, 'INVALID_ARGUMENT options.only_to: at most 100'],
    [{ onlyTo: [''] }, backEnd, 'INVALID_ARGUMENT options.only_to: user ids'],
    [{ needsReceipt: true }, { ...user, type: 'room' }, 'INVALID_ARGUMENT options.needs_receipt: not in rooms'],
    [{ reply: {} }, user, 'INVALID_ARGUMENT options.reply.seq: 1 or more'],
    [{ mentions: { users: Array(51).fill('bob') } }, user, 'INVALID_ARGUMENT options.mentions.users: at most 50'],
    [{ mentions: { users: ['b b'] } }, user, 'INVALID_ARGUMENT options.mentions.users: user ids'],
    [{ push: { title: 'x'.repeat(1_025) } }, user, 'INVALID_ARGUMENT options.push.title: at most 1024 bytes'],
    [{ push: { body: 'x'.repeat(1_025) } }, user, 'INVALID_ARGUMENT options.push.body: at most 1024 bytes'],
    [{ push: { payload: 'x'.repeat(1_025) } }, user, 'INVALID_ARGUMENT options.push.payload: at most 1024 bytes'],
    [{ push: { template: 'x'.repeat(65) } }, user, 'INVALID_ARGUMENT options.push.template: at most 64 bytes'],
    [{ push: { thread: 'x'.repeat(65) } }, user, 'INVALID_ARGUMENT options.push.thread: at most 64 bytes'],
    [{ push: { badge: 10_000 } }, user, 'INVALID_ARGUMENT options.push.badge: at most 9999'],
    [{ forwarded: { sender: 'c c' } }, user, 'INVALID_ARGUMENT options.forwarded.sender: a user id'],
  ])('refuses %j', (init, context, text) => {
    expect(detailOf(init, context)).toBe(text);
  });

  it('lets the back end say it to some, each once, and of another time', () => {
    expect(check({ onlyTo: ['bob', 'bob', 'cid'], originalMs: 5 }, backEnd)).toMatchObject({
      value: { onlyTo: ['bob', 'cid'], originalMs: 5 },
    });
  });
});

it('lets messages stay for a second up to a year', () => {
  const { destroyAfterMsMin: min, destroyAfterMsMax: max } = limits;
  expect([0, min, max].map(refusalOfExpiry)).toEqual([undefined, undefined, undefined]);
  expect([1, min - 1, max + 1].map((ms) => refusalOfExpiry(ms)?.detail)).toEqual(Array(3).fill(`expires_after_ms: 0, or ${min} to ${max}`));
});
