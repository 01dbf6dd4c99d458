import { afterAll, describe, expect, it } from '@jest/globals';
import type { Room } from '@parley/sdk';
import type { Actor } from '../world/actor.js';
import { patiently } from '../world/patiently.js';
import type { World } from '../world/world.js';

const raisedHand = { type: 'command', payload: new TextEncoder().encode('raise hand') } as const;
const raiseHand = (room: Room): Promise<unknown> => patiently(() => room.send(raisedHand).done);
const aLesson = 3_600_000;

/** A teacher, an assistant and pupils of whom one after the other may speak. */
export function describeClassroom(world: () => World): void {
  describe('a classroom', () => {
    let lesson: Lesson | undefined;
    const taught = async (): Promise<Lesson> => {
      lesson ??= await openLesson(world());
      return lesson;
    };
    afterAll(() => {
      for (const { client } of lesson?.everybody ?? []) client.close();
    });

    it('lets nobody but the teacher speak once all are muted, raised hands included', async () => {
      const { teacher, assistant, pupils, roomOf, conversation, everybody } = await taught();
      await roomOf(teacher).muteAll(aLesson);
      for (const actor of everybody) await actor.until('the mute of all', () => roomOf(actor).mutes.length === 2 || undefined);
      for (const actor of [assistant, ...pupils]) {
        expect(roomOf(actor).mutedUntilMs).toBeGreaterThan(0);
        await expect(actor.send(conversation, 'psst')).rejects.toMatchObject({ name: 'MUTED' });
        await expect(raiseHand(roomOf(actor))).rejects.toMatchObject({ name: 'MUTED' });
      }
      await teacher.send(conversation, 'good morning');
      for (const pupil of pupils) await pupil.sees(conversation, 'good morning');
    });

    it('lets one pupil speak whom the teacher exempts, and hears no other', async () => {
      const { teacher, pupils, roomOf, conversation } = await taught();
      const [ann, ...others] = pupils;
      await roomOf(teacher).unmute(ann.user);
      await ann.until('leave to speak', () => roomOf(ann).mutedUntilMs === 0 || undefined);
      await raiseHand(roomOf(ann));
      await ann.send(conversation, 'good morning, teacher');
      for (const other of others) {
        await other.sees(conversation, 'good morning, teacher');
        await expect(other.send(conversation, 'me too')).rejects.toMatchObject({ name: 'MUTED' });
      }
    });

    it('shows everybody who became what, and lets them do it', async () => {
      const { teacher, assistant, pupils, roomOf, everybody } = await taught();
      const [, bob, eve] = pupils;
      await expect(roomOf(bob).mute(eve.user)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
      await roomOf(teacher).setRole(bob.user, 'moderator');
      const moderators = [assistant.user, bob.user].sort();
      for (const actor of everybody) {
        await actor.until('another moderator', () => roomOf(actor).moderators.includes(bob.user) || undefined);
        expect([roomOf(actor).owner, roomOf(actor).moderators]).toEqual([teacher.user, moderators]);
      }
      expect(roomOf(bob).role).toBe('moderator');
      await roomOf(bob).mute(eve.user, aLesson);
      await expect(roomOf(bob).mute(assistant.user)).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
      await expect(roomOf(bob).setRole(eve.user, 'moderator')).rejects.toMatchObject({ name: 'PERMISSION_DENIED' });
    });

    it('shows who comes late the board, the roles and who may speak', async () => {
      const { teacher, roomOf, room } = await taught();
      await roomOf(teacher).setAttributes({ board: '1 + 1 = 2', page: '17' });
      const late = await world().join(world().id('late'));
      const entered = await late.client.rooms.join(room);
      const held = roomOf(teacher);
      expect(entered.attributes).toEqual(held.attributes);
      expect([entered.owner, entered.moderators, entered.name]).toEqual([held.owner, held.moderators, held.name]);
      expect(entered.mutedUntilMs).toBeGreaterThan(0);
      await expect(late.send(`r:${room}`, 'sorry')).rejects.toMatchObject({ name: 'MUTED' });
      late.client.close();
    });

    it('lets everybody speak again at the end', async () => {
      const { teacher, pupils, roomOf, conversation } = await taught();
      await roomOf(teacher).unmuteAll();
      const [ann, bob, eve] = pupils;
      for (const pupil of [ann, bob]) {
        await pupil.until('the end of the mute', () => roomOf(pupil).mutedUntilMs === 0 || undefined);
        await pupil.send(conversation, `goodbye from ${pupil.user}`);
        await eve.sees(conversation, `goodbye from ${pupil.user}`);
      }
      await expect(eve.send(conversation, 'goodbye')).rejects.toMatchObject({ name: 'MUTED' });
    });
  });
}

interface Lesson {
  readonly room: string;
  readonly conversation: string;
  readonly teacher: Actor;
  readonly assistant: Actor;
  readonly pupils: readonly [Actor, Actor, Actor];
  readonly everybody: readonly Actor[];
  roomOf(actor: Actor): Room;
}

async function openLesson(world: World): Promise<Lesson> {
  const room = world.id('class');
  const [teacher, assistant] = [await world.join(world.id('teacher')), await world.join(world.id('assistant'))];
  const pupils = [await world.join(world.id('ann')), await world.join(world.id('bob')), await world.join(world.id('eve'))] as const;
  const everybody = [teacher, assistant, ...pupils];
  const roomOf = ({ client }: Actor): Room => {
    const entered = client.rooms.get(room);
    if (entered === undefined) throw new Error('not in the classroom');
    return entered;
  };
  await teacher.client.rooms.create({ id: room, name: 'Arithmetic' });
  for (const { client } of everybody) await client.rooms.join(room);
  await roomOf(teacher).setRole(assistant.user, 'moderator');
  for (const actor of everybody) await actor.until('the assistant', () => roomOf(actor).moderators.length === 1 || undefined);
  return { room, conversation: `r:${room}`, teacher, assistant, pupils, everybody, roomOf };
}
