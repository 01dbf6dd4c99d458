import type { Client } from '@parley/sdk';
import type { Output } from '../output.js';
import { printable, renderEvent, renderTime } from '../render.js';
import { untilClosed } from './tail.js';

/** Joins a room and prints everything that happens in it, until the client is closed or the user is out. */
export async function watchRoom(client: Client, id: string, output: Output): Promise<void> {
  const over = new Promise<void>((resolve) => {
    client.on('roomStateChanged', ({ room, state, cause }) => {
      if (room !== id) return;
      output.note(`${state} (${cause})`);
      if (state === 'disconnected') resolve();
    });
  });
  client.on('message', (message) => {
    if (message.conversation === `r:${id}`) output.line(renderEvent(message));
  });
  const room = await client.rooms.join(id);
  const by = (operator: string): string => (operator === '' ? '' : ` (by ${operator})`);
  room.on('roomAttributesUpdated', ({ version, set, deleted, operator }) => {
    const changes = [...[...set].map(([key, { value }]) => `${key} = ${value}`), ...deleted.map((key) => `without ${key}`)];
    output.line(printable(`— version ${version}: ${changes.join(', ')}${by(operator)}`));
  });
  room.on('roomMembersChanged', ({ joined, left, cause, operator, memberCount }) => {
    const gone = left.length === 0 ? '' : ` ${left.join(', ')} left${cause === '' ? '' : `, ${cause}`}`;
    output.line(`—${joined.length === 0 ? '' : ` ${joined.join(', ')} joined`}${gone} ${memberCount} members${by(operator)}`);
  });
  room.on('roomMemberAttributesUpdated', ({ user, set, deleted }) => {
    const changes = [...[...set].map(([key, value]) => `${key} = ${value}`), ...deleted.map((key) => `without ${key}`)];
    output.line(printable(`— ${user}: ${changes.join(', ')}`));
  });
  room.on('roomCountersUpdated', ({ counters }) => {
    output.line(printable(`— ${[...counters].map(([counter, value]) => `${counter}: ${value}`).join(', ')}`));
  });
  room.on('roomRoleChanged', ({ user, role, operator }) => output.line(`— ${user} is ${role}${by(operator)}`));
  room.on('roomMuted', ({ user, role, untilMs, operator }) => {
    const whom = user === '' ? `every ${role}` : user;
    output.line(`— ${whom} ${untilMs === 0 ? 'may speak' : `is muted until ${renderTime(untilMs, 'date')}`}${by(operator)}`);
  });
  room.on('roomRenamed', ({ name, operator }) => output.line(printable(`— named ${name}${by(operator)}`)));
  room.on('messagesDropped', ({ low, medium }) => output.note(`dropped under overload: ${low} low, ${medium} medium`));
  await Promise.race([over, untilClosed(client, output)]);
}
