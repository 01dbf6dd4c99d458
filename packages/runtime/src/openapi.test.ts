import { afterEach, describe, expect, it } from '@jest/globals';
import { errorTable } from '@parley/kernel';
import { Validator } from '@seriousme/openapi-schema-validator';
import { apiServices } from './json-door.js';
import { arrangeAdmin, closeAdmins } from './testing/admin-fixture.js';

afterEach(closeAdmins);

interface Operation {
  readonly operationId: string;
  readonly requestBody: { readonly content: { readonly 'application/json': { readonly schema: { readonly $ref: string } } } };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface OpenApi {
  readonly openapi: string;
  readonly security: readonly object[];
  readonly paths: Readonly<Record<string, { readonly post: Operation }>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly responses: Readonly<Record<string, object>> };
}

async function fetchDocument(): Promise<OpenApi> {
  const { base } = await arrangeAdmin({});
  const response = await fetch(`${base}/v1/openapi.json`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  return (await response.json()) as OpenApi;
}

describe('the OpenAPI document', () => {
  it('is given to everybody and valid as OpenAPI 3.1', async () => {
    const document = await fetchDocument();
    expect(document.openapi).toMatch(/^3\.1\./);
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document) as unknown as Record<string, unknown>)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  it('has every call of the API, each with a schema of its request and of its errors, and nothing else', async () => {
    const { paths, components, security } = await fetchDocument();
    const calls = Object.entries(apiServices).flatMap(([service, { methods }]) =>
      Object.entries(methods).flatMap(([name, { kind }]) => (kind === 'unary' ? [`/v1/${service}/${name}`] : [])),
    );
    expect(Object.keys(paths)).toEqual(calls);
    expect(security).toEqual([{ adminKey: [] }]);
    const isThere = ($ref: string): boolean => $ref.replace('#/components/schemas/', '') in components.schemas;
    for (const [path, { post }] of Object.entries(paths)) {
      expect([path, isThere(post.requestBody.content['application/json'].schema.$ref)]).toEqual([path, true]);
      expect(Object.keys(post.responses)).toEqual(
        expect.arrayContaining(['200', '400', '401', '403', '404', '409', '413', '429', '503', '504']),
      );
    }
  });

  it('refers to nothing that is not there, and names every error that a caller can get', async () => {
    const document = await fetchDocument();
    const text = JSON.stringify(document);
    for (const [, kind, name] of text.matchAll(/"#\/components\/(schemas|responses)\/([^"]+)"/g)) {
      expect([name, (name ?? '') in document.components[kind as 'schemas' | 'responses']]).toEqual([name, true]);
    }
    for (const [name, { code }] of Object.entries(errorTable)) if (code < 3_000) expect(text).toContain(`"${name}"`);
  });

  it('describes bodies as ProtoJSON: 64-bit numbers as strings, bytes as base64, enums by name', async () => {
    const { schemas } = (await fetchDocument()).components;
    expect(schemas['router.SendMessageResponse']).toMatchObject({
      properties: { seq: { type: 'string', format: 'uint64' }, messageId: { type: 'string' } },
      required: ['seq', 'messageId', 'timeMs'],
    });
    expect(schemas['event.Custom']).toMatchObject({ properties: { subType: { type: 'integer' }, payload: { contentEncoding: 'base64' } } });
    expect(schemas['event.Priority']).toMatchObject({ type: 'string', enum: expect.arrayContaining(['PRIORITY_HIGH']) });
    expect(schemas['group.CreateGroupRequest']).toMatchObject({ additionalProperties: false, properties: { members: { type: 'array' } } });
  });
});
