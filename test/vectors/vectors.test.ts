import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseConversation, ProtobufError } from '@parley/kernel';
import { ClientFrames, Content, ConversationEvent, decodeContent, decodeServerFrames, ServerFrames } from '@parley/wire';

interface Vector {
  readonly name: string;
  readonly type: string;
  readonly hex: string;
}

const read = <T>(name: string): readonly T[] => JSON.parse(readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')) as readonly T[];

const valid = read<Vector>('valid.json');
const odd = read<Vector & { canonicalHex: string }>('odd.json');
const invalid = read<Vector & { error: string }>('invalid.json');
const conversations = read<{ id: string; type?: string; error?: string }>('conversations.json');

/** Decodes and encodes again; the result has exactly the fields that the decoder has seen. */
const roundTrips = new Map<string, (bytes: Uint8Array) => Uint8Array>([
  [ClientFrames.typeName, (bytes) => ClientFrames.encode(ClientFrames.decode(bytes))],
  [ServerFrames.typeName, (bytes) => ServerFrames.encode(ServerFrames.decode(bytes))],
  [ConversationEvent.typeName, (bytes) => ConversationEvent.encode(ConversationEvent.decode(bytes))],
  [Content.typeName, (bytes) => Content.encode(Content.decode(bytes))],
]);

function roundTrip({ type, hex }: Vector): string {
  const recode = roundTrips.get(type);
  if (recode === undefined) throw new Error(`no codec for ${type}`);
  return Buffer.from(recode(Buffer.from(hex, 'hex'))).toString('hex');
}

describe('the codec of clients and gateways', () => {
  it.each(valid.map((vector) => [vector.name, vector] as const))('reads and writes: %s', (_, vector) => {
    expect(roundTrip(vector)).toBe(vector.hex);
  });

  it.each(odd.map((vector) => [vector.name, vector] as const))('reads what others may write: %s', (_, vector) => {
    expect(roundTrip(vector)).toBe(vector.canonicalHex);
  });

  it.each(invalid.map((vector) => [vector.name, vector] as const))('refuses: %s', (_, vector) => {
    expect(() => roundTrip(vector)).toThrow(ProtobufError);
  });

  it('reads the values that the JSON form names', () => {
    const vector = valid.find(({ name }) => name === 'event');
    const body = decodeServerFrames(Buffer.from(vector?.hex ?? '', 'hex')).frames[0]?.body;
    const event = body?.type === 'event' ? ConversationEvent.decode(body.value) : undefined;
    expect(event).toMatchObject({ conversation: 'u:alice|bob', seq: 7, sender: 'alice', timeMs: 1_700_000_000_123, priority: 2 });
    expect(event?.body?.type === 'content' && decodeContent(event.body.value).kind).toEqual({ type: 'text', value: { text: 'hello' } });
  });

  it('finds every kind of request and answer in the vectors', () => {
    const seen = new Set<string>();
    for (const { type, hex } of valid) {
      const bytes = Buffer.from(hex, 'hex');
      const frames = type === ClientFrames.typeName ? ClientFrames.decode(bytes).frames : [];
      const answers = type === ServerFrames.typeName ? ServerFrames.decode(bytes).frames : [];
      for (const { body } of [...frames, ...answers]) seen.add(body?.type ?? 'nothing');
    }
    expect([...seen].sort()).toEqual(
      [
        ...['login', 'ping', 'send', 'renewToken', 'logout', 'sync', 'queryHistory', 'createGroup', 'joinGroup', 'leaveGroup'],
        ...['dismissGroup', 'listGroupMembers', 'inviteToGroup', 'createRoom', 'enterRoom', 'leaveRoom', 'destroyRoom'],
        ...['listRoomMembers', 'leaveAllRooms', 'switchRoom', 'getRoom', 'listRooms', 'kickFromRoom', 'banFromRoom', 'muteInRoom'],
        ...['setRoomRole', 'renameRoom', 'changeRoomAttributes', 'changeMemberAttributes', 'incrementCounter', 'rooms', 'roomNames'],
        ...['newValue', 'kickedUsers', 'messagesDropped', 'error', 'loggedIn', 'pong', 'stored', 'done', 'syncResult', 'historyPage', 'group', 'members'],
        ...['room', 'event', 'headMoved', 'resyncNeeded', 'reconnect', 'tokenExpiring', 'kickedOut'],
      ].sort(),
    );
  });
});

describe('the events of the vectors', () => {
  it('have every kind of body', () => {
    const events = valid.filter(({ type }) => type === ConversationEvent.typeName);
    const kinds = new Set(events.map(({ hex }) => ConversationEvent.decode(Buffer.from(hex, 'hex')).body?.type ?? 'nothing'));
    const expected = ['content', 'membership', 'roomChange', 'roomTally', 'memberAttributes', 'messagesDropped', 'nothing'];
    expect([...kinds].sort()).toEqual(expected.sort());
  });
});

describe('the vectors', () => {
  it('are those that the contracts give', () => {
    const script = fileURLToPath(new URL('./generate.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [script, '--check'], { stdio: 'pipe' })).not.toThrow();
  });
});

describe('conversation ids', () => {
  it.each(conversations.map((vector) => [vector.id, vector] as const))('%j is judged alike everywhere', (id, { type, error }) => {
    const parsed = parseConversation(id);
    expect(parsed.ok ? { type: parsed.value.type } : { error: parsed.error.name }).toEqual(type === undefined ? { error } : { type });
  });
});
