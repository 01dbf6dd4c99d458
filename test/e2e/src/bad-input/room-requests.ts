import { sleep, systemClock } from '@parley/kernel';
import { encodeContent, type Priority } from '@parley/wire';
import type { RawClient, RequestBody, SeenError } from './raw-client.js';

/** `{ key: value }` as requests carry it. */
export const attributesOf = (values: Readonly<Record<string, string>>): { key: string; value: string }[] =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

/** All keys with the same value. */
export const valued = (keys: readonly string[], value: string): Record<string, string> =>
  Object.fromEntries(keys.map((key) => [key, value]));

export const enter = (room: string): RequestBody => ({ type: 'enterRoom', value: { room } });

type Wish<Type extends RequestBody['type']> = Partial<Extract<RequestBody, { type: Type }>['value']>;

export const create = (value: Wish<'createRoom'>): RequestBody => ({ type: 'createRoom', value });

/** One more, of a counter that is there. */
export const count = (value: Wish<'incrementCounter'>): RequestBody => ({
  type: 'incrementCounter',
  value: { room: 'hall', counter: 'k0', nonce: 'n', total: 1, ...value },
});

const contents = {
  text: encodeContent({ kind: { type: 'text', value: { text: 'hello' } } }),
  command: encodeContent({ kind: { type: 'command', value: { payload: Uint8Array.of(1) } } }),
  bullet: encodeContent({ kind: { type: 'bullet', value: { text: 'hello' } } }),
};

let said = 0;

/** A message into a room, with an id of its own. */
export const says = (room: string, kind: keyof typeof contents, priority?: Priority): RequestBody => ({
  type: 'send',
  value: { conversation: `r:${room}`, clientMsgId: `m${++said}`, content: contents[kind], ...(priority === undefined ? {} : { priority }) },
});

/** The answer to a request that is to succeed at once, unless the machine is busy. */
export async function granted(client: RawClient, body: RequestBody): ReturnType<RawClient['ask']> {
  const answer = await client.askPatiently(body);
  if (answer.type === 'error') throw new Error(`${body.type}: ${JSON.stringify(answer.value)}`);
  return answer;
}

/** The same, asked again while there were too many, or the machine is busy. */
export async function grantedAtLast(client: RawClient, body: RequestBody): ReturnType<RawClient['ask']> {
  for (;;) {
    const answer = await client.ask(body);
    if (answer.type !== 'error') return answer;
    const { name, retryAfterMs } = answer.value;
    if (name !== 'RATE_LIMITED' && name !== 'OVERLOADED') throw new Error(`${body.type}: ${JSON.stringify(answer.value)}`);
    await sleep(systemClock, retryAfterMs);
  }
}

/** The refusal of a request for another reason than that there were too many, or that the machine is busy. */
export async function refusalIn(client: RawClient, body: RequestBody): Promise<SeenError> {
  for (;;) {
    const refusal = await client.refusal(body);
    if (refusal.name !== 'RATE_LIMITED' && refusal.name !== 'OVERLOADED') return refusal;
    await sleep(systemClock, refusal.retryAfterMs);
  }
}
