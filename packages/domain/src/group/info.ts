import { limits, ok, type Refusal, refusal, refused } from '@parley/kernel';
import type { Draft, GroupInfoChanged } from '@parley/wire';
import { refusalOfName } from '../display-name.js';
import type { MemberDetails, OpenGroup } from '../group.js';
import { domainLimits } from '../limits.js';
import { memberLimitOf } from '../member-limit.js';
import { changed, type GroupDecision, type GroupFold, invalidOperation, noGroupChange, type Operation } from './draft.js';

/** Changes name, avatar and notice as far as they are given. */
export function decideUpdateInfo(group: OpenGroup, { operator, value }: Operation<'updateInfo'>): GroupDecision {
  const { name, avatar, notice } = value;
  if (name?.text === '') return invalidOperation(`name: 1 to ${limits.nameCharsMax} characters`);
  const wrong = refusalOfGroupTexts({ name: name?.text ?? '', avatar: avatar?.text ?? '', notice: notice?.text ?? '' });
  if (wrong !== undefined) return refused(wrong);
  const info: GroupInfoChanged = {
    name: unless(group.name, name),
    avatar: unless(group.avatar, avatar),
    notice: unless(group.notice, notice),
  };
  const isSame = info.name === undefined && info.avatar === undefined && info.notice === undefined;
  return isSame ? noGroupChange : ok([changed(operator, { type: 'info', value: info })]);
}

/** What is wrong with the texts that a group shows, if anything. */
export function refusalOfGroupTexts(texts: {
  readonly name: string;
  readonly avatar: string;
  readonly notice: string;
}): Refusal | undefined {
  const { avatarBytesMax, groupNoticeBytesMax } = limits;
  const wrongName = refusalOfName(texts.name);
  if (wrongName !== undefined) return wrongName;
  if (Buffer.byteLength(texts.avatar) > avatarBytesMax) return refusal('INVALID_ARGUMENT', `avatar: at most ${avatarBytesMax} bytes`);
  if (Buffer.byteLength(texts.notice) <= groupNoticeBytesMax) return undefined;
  return refusal('INVALID_ARGUMENT', `notice: at most ${groupNoticeBytesMax} bytes`);
}

export const foldGroupInfo = (group: OpenGroup, { name, avatar, notice }: GroupInfoChanged): GroupFold => ({
  name: name?.text ?? group.name,
  avatar: avatar?.text ?? group.avatar,
  notice: notice?.text ?? group.notice,
});

/** Names a member within the group. */
export function decideSetNickname(group: OpenGroup, { operator, value }: Operation<'setNickname'>): GroupDecision {
  const { user, nickname } = value;
  const { userNameBytesMax } = limits;
  if (!group.members.has(user)) return invalidOperation('user: no member');
  if (Buffer.byteLength(nickname) > userNameBytesMax) return invalidOperation(`nickname: at most ${userNameBytesMax} bytes`);
  const isSame = nickname === (group.details.get(user)?.nickname ?? '');
  return isSame ? noGroupChange : ok([changed(operator, { type: 'nickname', value: { user, nickname } })]);
}

export function foldNickname(group: OpenGroup, { user, nickname }: { readonly user: string; readonly nickname: string }): GroupFold {
  const details: MemberDetails = { nickname, invitedBy: group.details.get(user)?.invitedBy ?? '' };
  return { details: isEmpty(details) ? group.details.without(user) : group.details.with(user, details) };
}

const isEmpty = ({ nickname, invitedBy }: MemberDetails): boolean => nickname === '' && invitedBy === '';

/** Sets how many members there may be; never below how many there are. */
export function decideSetLimit(group: OpenGroup, { operator, value }: Operation<'setLimit'>): GroupDecision {
  const limit = memberLimitOf(value.memberLimit, domainLimits.groupMembersDefault, domainLimits.groupMembersCeiling);
  if (!limit.ok) return limit;
  const memberLimit = limit.value;
  if (memberLimit < group.members.size)
    return invalidOperation(`member_limit: at least ${group.members.size}, as many members as there are`);
  return memberLimit === group.memberLimit ? noGroupChange : ok([changed(operator, { type: 'limit', value: { memberLimit } })]);
}

/** The text if it is given and another one. */
const unless = (current: string, given: Draft | undefined): Draft | undefined => (given?.text === current ? undefined : given);
