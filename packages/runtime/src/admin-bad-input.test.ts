import { afterEach, describe, expect, it } from '@jest/globals';
import { runtimeLimits } from './limits.js';
import { adminKey, arrangeAdmin, closeAdmins, errorOf } from './testing/admin-fixture.js';

afterEach(closeAdmins);

const nested = (levels: number): string => '{"content":{"combined":{"items":['.repeat(levels) + ']}}}'.repeat(levels);

/** What the handlers see of a request that was let in. */
async function arrange() {
  const seen: unknown[] = [];
  const { base, post } = await arrangeAdmin({
    router: {
      sendMessage: async (request) => {
        seen.push(request);
        return {};
      },
    },
    group: {
      createGroup: async (request) => {
        seen.push(request);
        return {};
      },
    },
  });
  return { base, post, seen };
}

describe('bad input at the back-end API', () => {
  it('is refused, whatever is wrong with it, and never a fault of the server', async () => {
    const { post, seen } = await arrange();
    const field = (json: string): readonly [string, string] => ['router/sendMessage', json];
    const bad: readonly (readonly [string, string])[] = [
      // Numbers that are none of their type.
      ...['-1', '4294967296', '1.5', '1e300', '1e999', '"x"', '"-0.5"', '[]', '{}', 'true'].map(
        (value) => ['group/createGroup', `{"memberLimit":${value}}`] as const,
      ),
      ...['-1', '"18446744073709551616"', '"9007199254740993"', '1.5', '1e300', '""'].map((value) => field(`{"expiresAfterMs":${value}}`)),
      // Values that are none of their type.
      ...['5', 'true', '[]', '{}', '["x"]'].map((value) => field(`{"sender":${value}}`)),
      ...['"yes"', '0', '[]'].map((value) => field(`{"isRetry":${value}}`)),
      ...['"URGENT"', '"priority_high"', '1.5', 'true', '[]', '-9223372036854775809'].map((value) => field(`{"priority":${value}}`)),
      ...['"text"', '5', '[]', '[{}]'].map((value) => field(`{"content":${value}}`)),
      field('{"content":{"custom":{"payload":"*"}}}'),
      field('{"content":{"custom":{"payload":"A"}}}'),
      field('{"content":{"text":{"text":"a"},"image":{}}}'),
      field('{"content":{"location":{"latitude":"north"}}}'),
      // The same field by two names.
      field('{"clientMsgId":"a","client_msg_id":"b"}'),
      field('{"nothing":1}'),
      field('{"__proto__":{"app":"x"}}'),
      field('{"constructor":{"prototype":{}}}'),
      // No JSON object.
      ...['null', '[]', '"x"', '5', '{', '{"app":}', "{'app':1}", '{"app":"\u0001"}', '\ufeff{}', 'NaN'].map(field),
      // As deep as a body can be.
      field('['.repeat(400_000)),
      field(`${'['.repeat(400_000)}${']'.repeat(400_000)}`),
      field(`{"content":${'{"combined":{"items":[{"content":'.repeat(15_000)}{}${'}]}}'.repeat(15_000)}}`),
      field(nested(20_000)),
    ];
    for (const [method, body] of bad) {
      const { status, name } = errorOf(await post(`/v1/${method}`, body));
      expect([method, body.slice(0, 80), status, name]).toEqual([method, body.slice(0, 80), 400, 'INVALID_ARGUMENT']);
    }
    expect(seen).toEqual([]);
  });

  it('may be unusual and right: both kinds of numbers, names of both kinds, base64 of both kinds, as deep as contents go', async () => {
    const { post, seen } = await arrange();
    let content = '{"text":{"text":"x"}}';
    for (let level = 0; level < 10; level++) content = `{"combined":{"items":[{"content":${content}}]}}`;
    for (const body of [
      '',
      '{}',
      '{"expiresAfterMs":5,"client_msg_id":"a","priority":3,"isRetry":null}',
      '{"expiresAfterMs":"5","clientMsgId":"a","priority":"PRIORITY_HIGH"}',
      '{"content":{"custom":{"payload":"-_8"}}}',
      '{"content":{"custom":{"payload":"+/8="}}}',
      // The last of several holds, as JSON.parse has it.
      '{"sender":"ann","sender":"bob"}',
      `{"content":${content}}`,
    ]) {
      expect([body, (await post('/v1/router/sendMessage', body)).status]).toEqual([body, 200]);
    }
    expect(seen[2]).toEqual(seen[3]);
    expect(seen[4]).toEqual(seen[5]);
    expect(seen[6]).toMatchObject({ sender: 'bob' });
  });

  it('may be as long as a body may be', async () => {
    const { post } = await arrange();
    const members = `"u",`.repeat(runtimeLimits.apiBodyBytesMax / 4 - 10);
    expect((await post('/v1/group/createGroup', `{"members":[${members}"u"]}`)).status).toBe(200);
    const { status, name } = errorOf(await post('/v1/group/createGroup', `{"members":[${'0,'.repeat(400_000)}0]}`));
    expect([status, name]).toEqual([400, 'INVALID_ARGUMENT']);
  });

  it('is refused in paths and headers, too', async () => {
    const { base } = await arrange();
    const headers = { authorization: `Bearer ${adminKey}` };
    for (const [path, method] of [
      ['/v1/%E0%A4%A/x', 'POST'],
      ['/v1/group/%00', 'POST'],
      [`/v1/group/${'x'.repeat(2_000)}`, 'POST'],
      ['/v1/group/createGroup/more', 'POST'],
      ['/v1/__proto__/toString', 'POST'],
      ['/v1/group/createGroup', 'PUT'],
      ['/v1/group/createGroup', 'DELETE'],
    ] as const) {
      const answer = await fetch(`${base}${path}`, { method, headers });
      const { error } = (await answer.json()) as { readonly error: { readonly name: string } };
      expect([path, [400, 501].includes(answer.status), ['INVALID_ARGUMENT', 'UNSUPPORTED'].includes(error.name)]).toEqual([
        path,
        true,
        true,
      ]);
    }
  });
});
