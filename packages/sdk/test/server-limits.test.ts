import { describe, expect, it } from '@jest/globals';
import { limits } from '@parley/kernel';
import { serverLimits } from '../src/server-limits.js';

describe('the limits of the server', () => {
  it('are those that the client believes in', () => {
    expect(limits).toMatchObject(serverLimits);
  });
});
