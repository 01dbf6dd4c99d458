import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { partitionOf } from '@parley/kernel';
import { describe, expect, it } from '@jest/globals';
import { awaitOwners, idsOfPartitions } from './await-owners.js';

describe('awaiting owners', () => {
  it('asks with one id of every partition', () => {
    const keyOf = (id: string): string => `g:${id}`;
    const ids = idsOfPartitions('app', keyOf, 16);
    expect(ids.map((id) => partitionOf('app', keyOf(id), 16))).toEqual(Array.from({ length: 16 }, (_, partition) => partition));
  });

  it('asks again until the owner answers, of every service', async () => {
    const asked = new Map<string, number>();
    const server = createServer((request, response) => {
      const call = request.url ?? '';
      const times = (asked.get(call) ?? 0) + 1;
      asked.set(call, times);
      if (times === 1) response.writeHead(503).end('{"error":{"name":"UNAVAILABLE"}}');
      else if (call.endsWith('getGroup')) response.writeHead(404).end('{"error":{"name":"GROUP_NOT_FOUND"}}');
      else response.end('{}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      await awaitOwners({ adminUrl: `http://127.0.0.1:${port}`, adminKey: 'key', app: 'app' }, 1);
      const expected = ['history/getConversation', 'router/queryPresence', 'group/getGroup', 'room/getRoom'];
      expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(expected.map((call) => [`/v1/${call}`, 2])));
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
