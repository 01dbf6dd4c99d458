import { describe, expect, it } from '@jest/globals';
import { createProfileChange, createUserProfile, type ProfileChangeInit, type UserProfile } from '@parley/wire';
import { refusalTextOf } from '../testing/act-fixture.js';
import { changeProfile } from './profile.js';

const change = (profile: UserProfile | undefined, init: ProfileChangeInit): UserProfile => {
  const changed = changeProfile(profile, createProfileChange(init));
  if (!changed.ok) throw new Error(refusalTextOf(changed));
  return changed.value;
};

const ann = createUserProfile({ user: 'ann', name: 'Ann', avatar: 'a.png', extension: '{}', version: 4 });

describe('a profile', () => {
  it('changes what is named and keeps the rest', () => {
    expect(change(undefined, { name: { text: 'Ann' } })).toEqual(createUserProfile({ name: 'Ann', version: 1 }));
    expect(change(ann, { avatar: { text: '' } })).toEqual({ ...ann, avatar: '', version: 5 });
  });

  it('stays the same where nothing changes', () => {
    expect(change(ann, { name: { text: 'Ann' } })).toBe(ann);
    expect(change(ann, {})).toBe(ann);
  });

  it('leaves nothing when it is erased, but its version', () => {
    const erased = change(ann, { isErased: true, name: { text: 'x' } });
    expect(erased).toEqual(createUserProfile({ user: 'ann', version: 5, isErased: true }));
    expect(change(erased, { isErased: true })).toBe(erased);
    expect(change(erased, { name: { text: 'New' } })).toEqual(createUserProfile({ user: 'ann', name: 'New', version: 6 }));
  });

  it.each<[ProfileChangeInit, string]>([
    [{ name: { text: 'é'.repeat(129) } }, 'profile.name: at most 256 bytes'],
    [{ avatar: { text: 'x'.repeat(501) } }, 'profile.avatar: at most 500 bytes'],
    [{ extension: { text: 'x'.repeat(4_097) } }, 'profile.extension: at most 4096 bytes'],
  ])('has sizes', (init, detail) => {
    expect(refusalTextOf(changeProfile(ann, createProfileChange(init)))).toBe(`INVALID_ARGUMENT ${detail}`);
  });

  it('may be as large as its sizes', () => {
    const largest = { name: { text: 'é'.repeat(128) }, avatar: { text: 'x'.repeat(500) }, extension: { text: 'x'.repeat(4_096) } };
    expect(change(ann, largest).version).toBe(5);
  });
});
