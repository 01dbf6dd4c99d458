import { describe, expect, it } from '@jest/globals';
import { limits, type UserId } from '@parley/kernel';
import { GroupRequestKind, type GroupOptionsInit, InviteeMode, InviteMode, JoinMode, RequestState } from '@parley/wire';
import type { Group } from '../group.js';
import * as make from '../testing/group-fixture.js';
import {
  after,
  ann,
  at,
  backEnd,
  bob,
  cid,
  dan,
  eve,
  eventsOf,
  head,
  open,
  refusalOf,
  typesOf,
  usersNamed,
} from '../testing/group-fixture.js';
import { groupRequestReaders, groupRequestsOf } from './view.js';

const groupWith = (options: GroupOptionsInit): Group => after(make.create(ann, [bob, cid], { options }), make.appoint(ann, bob));
const approving = groupWith({ joinMode: JoinMode.APPROVAL });
const consenting = groupWith({ joinMode: JoinMode.CLOSED, inviteeMode: InviteeMode.CONSENT });
const requestOf = (group: Group, user: string) => open(group).requests.get(user);
const week = limits.requestMs;

describe('a wish to join', () => {
  it('waits for owner, an admin or the back end, and raises no version', () => {
    const asked = make.applied(approving, make.join(dan, 'let me in'));
    expect(requestOf(asked, dan)).toMatchObject({ kind: GroupRequestKind.JOIN, text: 'let me in', state: RequestState.WAITING });
    expect(open(asked).version).toBe(open(approving).version);
    for (const operator of [ann, bob, backEnd] as const) {
      const joined = make.applied(asked, make.answer(operator, dan, true));
      expect(open(joined).members.has(dan)).toBe(true);
      expect(requestOf(joined, dan)).toMatchObject({ state: RequestState.ACCEPTED, answeredBy: operator });
    }
    expect(refusalOf(asked, make.answer(cid, dan, true))).toBe('PERMISSION_DENIED');
    expect(refusalOf(asked, make.answer(dan, dan, true))).toBe('PERMISSION_DENIED');
  });

  it('told twice is one wish; in other words it replaces the waiting one', () => {
    const asked = make.applied(approving, make.join(dan, 'a'));
    expect(eventsOf(asked, make.join(dan, 'a'))).toEqual([]);
    const again = make.applied(asked, at(head.timeMs + 5, make.join(dan, 'b')));
    expect(requestOf(again, dan)).toMatchObject({ text: 'b', sentMs: head.timeMs + 5 });
    expect(groupRequestsOf(open(again), ann, head.timeMs)).toHaveLength(1);
  });

  it('is taken back by who wished, and refused by who may answer', () => {
    const asked = make.applied(approving, make.join(dan));
    expect(requestOf(make.applied(asked, make.answer(dan, dan, false)), dan)).toMatchObject({
      state: RequestState.REJECTED,
      answeredBy: 'dan',
    });
    const refused = make.applied(asked, make.answer(bob, dan, false));
    expect([open(refused).members.has(dan), refusalOf(refused, make.answer(ann, dan, true))]).toEqual([false, 'REQUEST_NOT_FOUND']);
    // The answer told again by the one who gave it is no error.
    expect(eventsOf(refused, make.answer(bob, dan, false))).toEqual([]);
    expect(typesOf(refused, make.join(dan))).toEqual(['requested']);
  });

  it('expires after seven days, without anybody doing anything', () => {
    const asked = make.applied(approving, make.join(dan));
    const late = head.timeMs + week;
    expect(refusalOf(asked, at(late - 1, make.answer(ann, dan, true)))).toBeUndefined();
    expect(refusalOf(asked, at(late, make.answer(ann, dan, true)))).toBe('REQUEST_NOT_FOUND');
    expect(groupRequestsOf(open(asked), ann, late - 1)).toMatchObject([{ state: RequestState.WAITING }]);
    expect(groupRequestsOf(open(asked), ann, late)).toMatchObject([{ state: RequestState.EXPIRED }]);
    expect(typesOf(asked, at(late, make.join(dan)))).toEqual(['requested']);
  });

  it('leaves no words behind when it is answered or taken back, also after it has expired', () => {
    const asked = make.applied(approving, make.join(dan, 'let me in'));
    for (const isAccepted of [true, false]) {
      expect(requestOf(make.applied(asked, make.answer(ann, dan, isAccepted)), dan)).toMatchObject({ text: '' });
    }
    for (const operator of [dan, backEnd] as const) {
      const takenBack = make.applied(asked, at(head.timeMs + week, make.answer(operator, dan, false)));
      expect(requestOf(takenBack, dan)).toMatchObject({ text: '', state: RequestState.REJECTED });
    }
    expect(refusalOf(asked, at(head.timeMs + week, make.answer(bob, dan, false)))).toBe('REQUEST_NOT_FOUND');
    expect(refusalOf(asked, at(head.timeMs + week, make.answer(backEnd, dan, true)))).toBe('REQUEST_NOT_FOUND');
  });

  it('is fulfilled by an invitation, an open door, and not by a full group', () => {
    const asked = make.applied(approving, make.join(dan));
    expect(typesOf(asked, make.invite(bob, [dan, eve]))).toEqual(['requested', 'joined']);
    const opened = make.applied(asked, make.setOptions(ann, {}));
    const joined = make.applied(opened, make.join(dan));
    expect([open(joined).members.has(dan), requestOf(joined, dan)?.state]).toEqual([true, RequestState.ACCEPTED]);
    const full = make.applied(asked, make.setLimit(backEnd, 3));
    expect(refusalOf(full, make.answer(ann, dan, true))).toBe('GROUP_FULL');
    expect(refusalOf(full, make.answer(ann, dan, false))).toBeUndefined();
  });

  it('does not let strangers learn of a closed group', () => {
    const closed = groupWith({ joinMode: JoinMode.CLOSED });
    expect(make.refusalTextOf(closed, make.join(dan))).toBe('GROUP_NOT_FOUND');
  });

  it('is refused when too many wait; those who wait already may say it in other words', () => {
    const users = usersNamed(limits.groupRequestsMax);
    const full = make.applied(approving, ...users.map((user) => make.join(user)));
    expect(refusalOf(full, make.join(dan))).toBe('LIMIT_REACHED');
    expect(refusalOf(full, make.join(users[7] as UserId, 'please'))).toBeUndefined();
    expect(refusalOf(full, at(head.timeMs + week, make.join(dan)))).toBeUndefined();
  });

  it('keeps to the length of its text', () => {
    expect(make.refusalTextOf(approving, make.join(dan, 'x'.repeat(257)))).toBe('INVALID_ARGUMENT text: at most 256 bytes');
    expect(refusalOf(consenting, make.invite(ann, [dan], 'x'.repeat(257)))).toBe('INVALID_ARGUMENT');
  });
});

describe('an invitation that asks for consent', () => {
  const invited = make.applied(consenting, make.invite(cid, [dan], 'join us'));

  it('lets nobody in before the invited user says yes', () => {
    expect(open(invited).members.has(dan)).toBe(false);
    expect(requestOf(invited, dan)).toMatchObject({ kind: GroupRequestKind.INVITATION, invitedBy: 'cid', text: 'join us' });
    expect(refusalOf(invited, make.answer(ann, dan, true))).toBe('PERMISSION_DENIED');
    expect(refusalOf(invited, make.answer(eve, dan, true))).toBe('GROUP_NOT_FOUND');
    const joined = make.applied(invited, make.answer(dan, dan, true));
    expect(open(joined).details.get(dan)?.invitedBy).toBe('cid');
    // Told again, now by a member.
    expect(eventsOf(joined, make.answer(dan, dan, true))).toEqual([]);
  });

  it('opens closed doors: to join is to say yes', () => {
    const joined = make.applied(invited, make.join(dan));
    expect([open(joined).details.get(dan)?.invitedBy, requestOf(joined, dan)?.state]).toEqual(['cid', RequestState.ACCEPTED]);
    const late = at(head.timeMs + week, make.join(dan));
    expect(refusalOf(invited, late)).toBe('GROUP_NOT_FOUND');
  });

  it('is taken back by the member who made it, and by no other member', () => {
    const takenBack = make.applied(invited, make.answer(cid, dan, false));
    expect(requestOf(takenBack, dan)).toMatchObject({ state: RequestState.REJECTED, answeredBy: 'cid', text: '' });
    expect(eventsOf(takenBack, make.answer(cid, dan, false))).toEqual([]);
    expect(refusalOf(invited, make.answer(cid, dan, true))).toBe('PERMISSION_DENIED');
    const byAnn = make.applied(consenting, make.invite(ann, [dan]));
    expect(refusalOf(byAnn, make.answer(cid, dan, false))).toBe('PERMISSION_DENIED');
  });

  it('is declined by the invited user and taken back by owner and admins', () => {
    const declined = make.applied(invited, make.answer(dan, dan, false));
    expect(refusalOf(declined, make.join(dan))).toBe('GROUP_NOT_FOUND');
    expect(requestOf(make.applied(invited, make.answer(bob, dan, false)), dan)?.state).toBe(RequestState.REJECTED);
  });

  it('is not needed by the back end, nor for those who wished to join', () => {
    expect(typesOf(consenting, make.invite(backEnd, [dan]))).toEqual(['joined']);
    const both = groupWith({ joinMode: JoinMode.APPROVAL, inviteeMode: InviteeMode.CONSENT });
    const wished = make.applied(both, make.join(dan));
    expect(typesOf(wished, make.invite(ann, [dan, eve]))).toEqual(['requested', 'joined', 'requested']);
  });

  it('from another member replaces the first one', () => {
    const again = make.applied(invited, make.invite(ann, [dan]));
    expect(requestOf(again, dan)).toMatchObject({ invitedBy: 'ann', text: '' });
    expect(eventsOf(invited, make.invite(cid, [dan], 'join us'))).toEqual([]);
  });

  it('is not for members to make where only admins invite', () => {
    const strict = groupWith({ inviteMode: InviteMode.ADMINS, inviteeMode: InviteeMode.CONSENT });
    expect(refusalOf(strict, make.invite(cid, [dan]))).toBe('PERMISSION_DENIED');
    expect(typesOf(strict, make.invite(bob, [dan]))).toEqual(['requested']);
  });
});

describe('requests', () => {
  it('are seen by those whom they concern', () => {
    const group = open(make.applied(consenting, make.invite(cid, [dan]), make.invite(ann, [eve])));
    const seenBy = (viewer: string) => groupRequestsOf(group, viewer, head.timeMs).map(({ user }) => user);
    expect([ann, bob, backEnd].map(seenBy)).toEqual([
      ['dan', 'eve'],
      ['dan', 'eve'],
      ['dan', 'eve'],
    ]);
    expect([cid, dan, eve, 'frank'].map(seenBy)).toEqual([['dan'], ['dan'], ['eve'], []]);
    const [first] = groupRequestsOf(group, dan, head.timeMs);
    expect(first && groupRequestReaders(group, first)).toEqual(['ann', 'bob', 'dan', 'cid']);
  });

  it('are forgotten seven days after their answer, and are bounded', () => {
    const refused = make.applied(approving, make.join(dan), at(head.timeMs + 10, make.answer(ann, dan, false)));
    const kept = make.applied(refused, at(head.timeMs + 9 + week, make.join(eve)));
    expect(requestOf(kept, dan)).toBeDefined();
    expect(requestOf(make.applied(refused, at(head.timeMs + 10 + week, make.join(eve))), dan)).toBeUndefined();
    const many = usersNamed(1_200).reduce<Group>(
      (group, user, i) => make.applied(group, at(head.timeMs + i, make.join(user)), at(head.timeMs + i, make.answer(ann, user, false))),
      approving,
    );
    expect(open(many).requests.size).toBe(2 * limits.groupRequestsMax);
    expect([requestOf(many, 'u0'), requestOf(many, 'u1199')?.state]).toEqual([undefined, RequestState.REJECTED]);
  });
});
