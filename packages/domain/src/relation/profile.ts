import { ok, type Refusal, type Result, refused } from '@parley/kernel';
import { createUserProfile, type ProfileChange, type UserProfile } from '@parley/wire';
import { refusalOfProfile } from './check-relation.js';

/**
 * What a user shows after a change: version one higher, or the same profile where nothing changes. An erasure leaves
 * nothing but that it was one; what comes after it belongs to a new user of that id. `user` is the caller's to set.
 */
export function changeProfile(profile: UserProfile | undefined, change: ProfileChange): Result<UserProfile, Refusal> {
  const before = profile ?? createUserProfile({});
  const wrong = refusalOfProfile(change);
  if (wrong !== undefined) return refused(wrong);
  if (change.isErased) {
    if (before.isErased) return ok(before);
    return ok(createUserProfile({ user: before.user, version: before.version + 1, isErased: true }));
  }
  const { name, avatar, extension } = change;
  const after = {
    ...before,
    name: name?.text ?? before.name,
    avatar: avatar?.text ?? before.avatar,
    extension: extension?.text ?? before.extension,
  };
  const isSame = after.name === before.name && after.avatar === before.avatar && after.extension === before.extension;
  return ok(isSame ? before : { ...after, version: before.version + 1, isErased: false });
}
