import { describe, expect, it } from '@jest/globals';
import { decodeGroupEventBatch, decodeGroupState } from '@parley/contracts/events';
import { JoinMode } from '@parley/wire';
import { evolveGroup } from './evolve-group.js';
import { type Group, initialGroup } from './group.js';
import { groupMemberOf } from './group/view.js';
import { groupFromState } from './group-state.js';

// Written by the program before groups had roles, options, names of members and requests.
const oldEvents =
  '0a380a0361707012047465616d180120e8072a03616e6e52210a045465616d1203616e6e1a03616e6e1a03626f6220d00f28e8fb88b2f1d3c3010a210a0361707012047465616d180220f2072a03626f625a0a0a036369640a0364616e0a210a0361707012047465616d180320fc072a03616e6e620a0a03616e6e1203626f620a1c0a0361707012047465616d18042086082a036576655a050a036576650a120a0361707012047465616d18052090086a00';
const oldState = '0a0361707012047465616d180422045465616d2a03626f623203626f623203636964320364616e320365766538d00f40e80750e8fb88b2f1d3c301';
const oldDismissed = '0a0361707012047465616d18052a03626f6240e8074801';
const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

describe('what earlier versions have stored', () => {
  it('folds to the same members, owner and versions', () => {
    const { events } = decodeGroupEventBatch(bytes(oldEvents));
    const states: Group[] = [];
    for (const event of events) states.push(evolveGroup(states.at(-1) ?? initialGroup, event));
    const seen = states.map((group) => (group.type === 'open' ? [group.version, group.owner, group.members.inJoinOrder()] : group));
    expect(seen).toEqual([
      [1, 'ann', ['ann', 'bob']],
      [2, 'ann', ['ann', 'bob', 'cid', 'dan']],
      [3, 'bob', ['bob', 'cid', 'dan']],
      [4, 'bob', ['bob', 'cid', 'dan', 'eve']],
      { type: 'dismissed', app: 'app', group: 'team', version: 5, owner: 'bob', createdMs: 1_000 },
    ]);
    const open = states[3];
    if (open?.type !== 'open') throw new Error('the group is not open');
    expect(open).toMatchObject({ name: 'Team', memberLimit: 2_000, creationHash: 860501366160872, notice: '', mutes: [] });
    expect(open.options.joinMode).toBe(JoinMode.OPEN);
    expect(groupMemberOf(open, 'eve', 0)?.joinedMs).toBe(1_030);
  });

  it('is read from snapshots', () => {
    const group = groupFromState(decodeGroupState(bytes(oldState)));
    if (group.type !== 'open') throw new Error('the group is not open');
    expect(group.members.inJoinOrder()).toEqual(['bob', 'cid', 'dan', 'eve']);
    expect(group).toMatchObject({ version: 4, owner: 'bob', name: 'Team', memberLimit: 2_000, creationHash: 860501366160872 });
    // When they came was not written down: not before the group was made.
    expect(groupMemberOf(group, 'eve', 0)?.joinedMs).toBe(1_000);
    expect(groupFromState(decodeGroupState(bytes(oldDismissed)))).toEqual({
      ...{ type: 'dismissed', app: 'app', group: 'team', version: 5, owner: 'bob', createdMs: 1_000 },
    });
  });
});
