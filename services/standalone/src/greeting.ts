import { makeToken } from '@parley/cli';
import type { DemoKeys } from './demo.js';

export interface GreetingFacts {
  readonly url: string;
  readonly adminUrl: string;
  readonly dataDir: string;
  /** Absent when the operator has configured apps: then there are no demo users. */
  readonly demo: DemoKeys | undefined;
  readonly adminKey: string;
  readonly nowSeconds: number;
}

const users = ['ann', 'bob'] as const;
const lifetimeSeconds = 7 * 24 * 3_600;

/** What a newcomer needs to go on, for the terminal. */
export async function greeting(facts: GreetingFacts): Promise<string> {
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
    for (const user of users) lines.push(`  ${user}  ${await makeToken({ app, user, key, kid, lifetimeSeconds, nowSeconds })}`);
    lines.push('', '  Try it in two more terminals:', '    npm run parley -- chat --as ann bob', '    npm run parley -- chat --as bob ann');
  }
  return `${lines.join('\n')}\n`;
}
