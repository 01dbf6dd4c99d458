import { relative } from 'node:path';
import { makeToken } from '@parley/cli';
import type { DemoKeys } from './demo.js';

export interface GreetingFacts {
  readonly url: string;
  readonly adminUrl: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Absent when the operator has configured apps: then there are no demo users. */
  readonly demo: DemoKeys | undefined;
  readonly adminKey: string;
  readonly nowSeconds: number;
}

const users = ['ann', 'bob'] as const;
const lifetimeSeconds = 7 * 24 * 3_600;

/** What a newcomer needs to go on, for the terminal. */
export function greeting(facts: GreetingFacts): string {
  const { url, adminUrl, dataDir, demo, adminKey, nowSeconds } = facts;
  const lines = [
    'Parley is ready.',
    '',
    `  clients      ${url}`,
    `  health       ${adminUrl}/readyz`,
    `  metrics      ${adminUrl}/metrics`,
    `  API          ${adminUrl}/v1/<service>/<method>   Authorization: Bearer ${adminKey}`,
    `  data         ${dataDir}`,
  ];
  if (demo !== undefined) {
    const { app, kid, secret: key } = demo;
    lines.push('', `  Tokens of app "${app}" for two demo users, good for a week:`);
    for (const user of users) lines.push(`  ${user}  ${makeToken({ app, user, key, kid, lifetimeSeconds, nowSeconds })}`);
    const where = relative(process.cwd(), dataDir);
    const chat = `npm run parley -- chat${where === 'data' ? '' : ` --data-dir ${where}`}`;
    lines.push('', '  Try it in two more terminals:', `    ${chat} --as ann bob`, `    ${chat} --as bob ann`);
  }
  return `${lines.join('\n')}\n`;
}
